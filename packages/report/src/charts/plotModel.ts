import { checkBoolean, describe, nearest, OptionError } from "@selvedge/core"
import { Model } from "@selvedge/layers"
import { type LayeredLayout, layeredLayout } from "./layered.ts"
import { modelGraph } from "./modelGraph.ts"
import { formatValue } from "./scale.ts"
import { type ChartOptions, checkChart, frame } from "./svg.ts"
import { round, textElement, textWidth } from "./text.ts"
import { fontSizes, neutral, seriesStyle } from "./theme.ts"

/** A layer of a model as {@link plotModel} draws it. */
export interface GraphNode {
  readonly id: string
  /** The layer's name, `"dense_1"`. By default the id. */
  readonly name?: string
  /** `"Dense"`. */
  readonly className: string
  /** `[null, 300]`; several for several outputs. */
  readonly outputShape?: readonly (number | null)[] | readonly (readonly (number | null)[])[]
  readonly params?: number
  /** False for a frozen layer: drawn with a dashed border. */
  readonly trainable?: boolean
}

/** A model's layers, and which feeds which, by id. */
export interface ModelGraph {
  readonly nodes: readonly GraphNode[]
  readonly edges: readonly (readonly [string, string])[]
}

/** Options of {@link plotModel}. */
export interface PlotModelOptions extends ChartOptions {
  /** Whether boxes show output shapes. By default true. */
  readonly showShapes?: boolean
  /** Whether boxes show parameter counts. By default true. */
  readonly showParams?: boolean
  /** Whether the layers of models inside are drawn in their place. By default false. */
  readonly expandNested?: boolean
}

const owner = "plotModel"
const size = fontSizes.tick
const layerGap = 34

/**
 * A model as a graph: a box per layer with name, class, output shape and parameter count, sources above targets; frozen layers
 * have a dashed border. A layer that is applied several times, as shared ones are, has a box for each. After Keras's
 * `plot_model`.
 *
 * @param of a model of `layers`, or any graph
 * @returns SVG text, as wide as the model is
 * @throws OptionError for an unknown option, ids that are missing or come twice, a cycle
 */
export function plotModel(of: Model | ModelGraph, options: PlotModelOptions = {}): string {
  checkChart(owner, options, ["showShapes", "showParams", "expandNested"])
  const expand = checkBoolean(owner, "expandNested", options.expandNested ?? false)
  const graph = of instanceof Model ? modelGraph(of, expand) : of
  const show = {
    shapes: checkBoolean(owner, "showShapes", options.showShapes ?? true),
    params: checkBoolean(owner, "showParams", options.showParams ?? true),
  }
  const index = indexNodes(graph)
  const edges = graph.edges.map(([from, to]): [number, number] => [lookUp(index, from), lookUp(index, to)])
  const boxes = graph.nodes.map(node => boxOf(node, show.shapes, show.params))
  const layout = layeredLayout(
    boxes.map(box => box.width),
    edges,
    28,
  )
  if (!layout) throw new OptionError(`${owner}: the graph has a cycle`, { rule: "a layer cannot feed itself" })
  const drawing = drawGraph(boxes, layout)
  const width = Math.max(
    drawing.width,
    options.title ? Math.min(420, textWidth(options.title, fontSizes.title * 1.2)) : 0,
  )
  return frame(
    { ...drawing, width },
    { title: options.title, name: "Model", description: options.description ?? summarize(graph) },
  )
}

interface NodeBox {
  readonly heading: string
  readonly lines: readonly string[]
  readonly width: number
  readonly height: number
  readonly frozen: boolean
}

function boxOf(node: GraphNode, shapes: boolean, params: boolean): NodeBox {
  const frozen = node.trainable === false
  const lines = [node.className + (frozen ? " (frozen)" : "")]
  if (shapes && node.outputShape) lines.push(shapeText(node.outputShape))
  if (params && node.params !== undefined) lines.push(`${formatValue(node.params)} parameters`)
  const heading = node.name ?? node.id
  const widths = [textWidth(heading, size + 1, true), ...lines.map(line => textWidth(line, size))]
  return { heading, lines, width: Math.max(90, ...widths) + 24, height: 26 + lines.length * 16, frozen }
}

function shapeText(shape: NonNullable<GraphNode["outputShape"]>): string {
  const one = (dimensions: readonly (number | null)[]) =>
    `(${dimensions.map(dimension => (dimension === null ? "None" : dimension)).join(", ")})`
  const several = shape.every(part => Array.isArray(part))
  return several && shape.length > 0
    ? (shape as readonly (readonly (number | null)[])[]).map(one).join(" ")
    : one(shape as readonly (number | null)[])
}

function drawGraph(boxes: readonly NodeBox[], layout: LayeredLayout) {
  const tops: number[] = []
  let height = 0
  for (const layer of layout.layers) {
    tops.push(height)
    height += Math.max(...layer.map(node => boxes[node]?.height ?? 0)) + layerGap
  }
  const rowHeight = (layer: number) => (tops[layer + 1] ?? height) - tops[layer]! - layerGap
  const centre = (node: number) => tops[layout.nodes[node]!.layer]! + rowHeight(layout.nodes[node]!.layer) / 2
  const edges = layout.paths.map(path => {
    const points = path.flatMap((node, i): [number, number][] => {
      const { x, layer } = layout.nodes[node]!
      const box = boxes[node]
      if (!box)
        return [
          [x, tops[layer]!],
          [x, tops[layer]! + rowHeight(layer)],
        ]
      return [[x, centre(node) + ((i === 0 ? 1 : -1) * box.height) / 2]]
    })
    return edgePath(points)
  })
  const drawn = boxes.map((box, i) => drawBox(box, layout.nodes[i]!.x, centre(i)))
  const width = Math.max(...layout.nodes.map(node => node.x + node.width / 2))
  return { content: edges.join("") + drawn.join(""), width, height: Math.max(0, height - layerGap) }
}

function edgePath(points: readonly [number, number][]): string {
  const [first, ...rest] = points
  const [endX, endY] = points.at(-1)!
  let [x, y] = first!
  let path = `M${round(x)},${round(y)}`
  for (const [i, [nextX, nextY]] of rest.entries()) {
    const stop = i === rest.length - 1 ? nextY - 6 : nextY
    const middle = (y + stop) / 2
    path += `C${round(x)},${round(middle)},${round(nextX)},${round(middle)},${round(nextX)},${round(stop)}`
    ;[x, y] = [nextX, nextY]
  }
  const head = `M${round(endX)},${round(endY)}l-4,-8l8,0Z`
  const { light } = neutral.muted
  return `<path d="${path}" fill="none" stroke="${light}" stroke-width="1.4"/><path d="${head}" fill="${light}"/>`
}

function drawBox(box: NodeBox, x: number, y: number): string {
  const top = y - box.height / 2
  const { colour } = seriesStyle(0)
  const area = `x="${round(x - box.width / 2)}" y="${round(top)}" width="${round(box.width)}" height="${round(box.height)}" rx="6"`
  const paint = `fill="${neutral.background.light}" stroke="${box.frozen ? neutral.muted.light : colour}" stroke-width="1.5"`
  const rect = `<rect ${area} ${paint}${box.frozen ? ' stroke-dasharray="5 3"' : ""}/>`
  const heading = textElement(box.heading, x, top + 18, { size: size + 1, anchor: "middle", bold: true })
  const lines = box.lines.map((line, i) =>
    textElement(line, x, top + 34 + 16 * i, { anchor: "middle", fill: i === 0 ? "currentColor" : neutral.muted.light }),
  )
  return rect + heading + lines.join("")
}

function indexNodes(graph: ModelGraph): Map<string, number> {
  if (!Array.isArray(graph?.nodes) || !Array.isArray(graph.edges) || graph.nodes.length === 0) {
    throw new OptionError(`${owner}: the graph must be { nodes: [...], edges: [...] } with at least one node`, {
      facts: { got: describe(graph) },
    })
  }
  const index = new Map<string, number>()
  graph.nodes.forEach((node: GraphNode, i) => {
    if (typeof node.id !== "string" || typeof node.className !== "string") {
      throw new OptionError(`${owner}: nodes[${i}] must have an id and a className, both strings`)
    }
    if (index.has(node.id)) throw new OptionError(`${owner}: the id ${describe(node.id)} comes twice`)
    index.set(node.id, i)
  })
  return index
}

function lookUp(index: ReadonlyMap<string, number>, id: string): number {
  const found = index.get(id)
  if (found !== undefined) return found
  const near = nearest(String(id), [...index.keys()])
  throw new OptionError(
    `${owner}: an edge names ${describe(id)}, which is no node${near ? `, did you mean "${near}"?` : ""}`,
  )
}

function summarize({ nodes, edges }: ModelGraph): string {
  const layers = nodes.map(node => `${node.name ?? node.id} (${node.className})`).join(", ")
  return `${nodes.length} layers with ${edges.length} connections: ${layers}.`
}
