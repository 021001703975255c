import { checkKeys, checkNumber } from "@selvedge/core"
import { classNameOf } from "../configurable.ts"
import type { Node } from "../graph.ts"
import type { Layer, Symbolic } from "../layer.ts"
import { asShapeList, type DataShape, type DataShapes, isShapeList } from "../shapes.ts"
import type { Weight } from "../weight.ts"
import { type Column, formatTable, roundHalfToEven } from "./table.ts"

/** How a summary is printed. */
export interface SummaryOptions {
  /** Whether to list the layers of models inside. Default false. */
  readonly expandNested?: boolean
  /** Whether to add a column that says if a layer learns. Default false. */
  readonly showTrainable?: boolean
  /** Characters a line. Default 88, or 108 with connections, but no more than the terminal has. */
  readonly lineLength?: number
  /** Who gets the text. Default `console.log`. */
  readonly printFn?: (text: string) => void
}

/** A model as a summary sees it. */
interface Summarized extends Layer {
  readonly layers: readonly Layer[]
  readonly nodes: readonly Node<Layer>[] | null
}

/** Prints Keras's table of a model and returns it. @throws OptionError for an unknown option. */
export function summarize(model: Summarized, options: SummaryOptions): string {
  checkKeys("summary", options, ["expandNested", "showTrainable", "lineLength", "printFn"])
  const text = formatSummary(model, options)
  const { printFn = console.log } = options
  printFn(text)
  return text
}

function formatSummary(model: Summarized, options: SummaryOptions): string {
  const { showTrainable = false, expandNested = false } = options
  const connected = model.nodes !== null && !isChain(model.nodes)
  const width = lineLength(options, connected, showTrainable)
  const rows = model.layers.flatMap(layer => rowsOf(layer, 0, { model, connected, showTrainable, expandNested }))
  const trainable = model.trainableWeights
  const frozen = model.nonTrainableWeights
  return [
    `Model: "${model.name}"`,
    formatTable(columnsOf(connected, showTrainable, width), rows, width),
    ` Total params: ${formatCount([...trainable, ...frozen])}`,
    ` Trainable params: ${formatCount(trainable)}`,
    ` Non-trainable params: ${formatCount(frozen)}`,
  ].join("\n")
}

function lineLength(options: SummaryOptions, connected: boolean, showTrainable: boolean): number {
  if (options.lineLength !== undefined) {
    return checkNumber("summary", "lineLength", options.lineLength, { min: 40, integer: true })
  }
  const columns = typeof process === "object" ? process.stdout?.columns : undefined
  return Math.min((connected ? 108 : 88) + (showTrainable ? 12 : 0), (columns || 80) - 4)
}

function columnsOf(connected: boolean, showTrainable: boolean, width: number): Column[] {
  const names = ["Layer (type)", "Output Shape", "Param #", ...(connected ? ["Connected to"] : [])]
  const ends = connected ? [0.3, 0.56, 0.74, 1] : [0.45, 0.8, 1]
  if (showTrainable) names.push("Trainable")
  const positions = showTrainable ? [...ends.map(end => end * 0.9), 1] : ends
  let begin = 0
  return names.map((header, i) => {
    const end = begin + Math.floor((positions[i] ?? 1) * width) - begin
    const column = { header, width: end - begin, align: alignment(header) }
    begin = end
    return column
  })
}

function alignment(header: string): Column["align"] {
  return header === "Param #" ? "right" : header === "Trainable" ? "center" : "left"
}

interface RowContext {
  readonly model: Summarized
  readonly connected: boolean
  readonly showTrainable: boolean
  readonly expandNested: boolean
}

function rowsOf(layer: Layer, level: number, context: RowContext): string[][] {
  const prefix = level > 0 ? `${"   ".repeat(level)}└ ` : ""
  const row = [
    `${prefix}${layer.name} (${classNameOf(layer)})`,
    formatOutputShape(layer),
    layer.built ? layer.countParams().toLocaleString("en-US") : "0 (unbuilt)",
  ]
  if (context.connected) row.push(connections(layer, context.model.nodes ?? []))
  if (context.showTrainable) row.push(layer.weights.length === 0 ? "-" : layer.trainable ? "Y" : "N")
  const inner = context.expandNested && isModel(layer) ? layer.layers : []
  return [row, ...inner.flatMap(nested => rowsOf(nested, level + 1, context))]
}

function isModel(layer: Layer): layer is Summarized {
  return "layers" in layer && Array.isArray(layer.layers)
}

/** The output's shape as Python prints a tuple: `(None, 300)`; `?` when it is not known. */
function formatOutputShape(layer: Layer): string {
  const shape = outputShapeOf(layer)
  if (shape === null) return "?"
  if (!isShapeList(shape)) return pythonTuple(shape)
  const [only] = shape
  return only && shape.length === 1 ? pythonTuple(only) : `[${shape.map(pythonTuple).join(", ")}]`
}

/** The shape of a layer's output: in its latest symbolic application, else for the shape it was built with. */
export function outputShapeOf(layer: Layer): DataShapes | null {
  const latest = layer.inboundNodes.at(-1)
  if (latest) return unwrap(latest.outputs.map(y => y.shape))
  if (layer.builtShape === null) return null
  try {
    return unwrap(asShapeList(layer.computeOutputShape(layer.builtShape)))
  } catch {
    return null
  }
}

function unwrap(shapes: readonly DataShape[]): DataShapes {
  const [only] = shapes
  return only && shapes.length === 1 ? only : shapes
}

function pythonTuple(shape: DataShape): string {
  return `(${shape.map(n => n ?? "None").join(", ")})`
}

function connections(layer: Layer, nodes: readonly Node<Layer>[]): string {
  const from = layer.inboundNodes.filter(node => nodes.includes(node)).flatMap(node => node.inputs)
  return from.map((x: Symbolic) => `${x.node.layer.name}[${x.node.index}][${x.index}]`).join(", ") || "-"
}

/** Whether the applications follow one another, each of another layer: then connections need not be shown. */
function isChain(nodes: readonly Node<Layer>[]): boolean {
  const followed = nodes.every((node, i) => {
    const [only] = node.inputs
    return node.inputs.length === 0 ? i === 0 : node.inputs.length === 1 && only?.node === nodes[i - 1]
  })
  return followed && new Set(nodes.map(node => node.layer)).size === nodes.length
}

function formatCount(weights: readonly Weight[]): string {
  const count = weights.reduce((sum, weight) => sum + weight.size, 0)
  let size = 4 * count
  let unit = 0
  const units = ["B", "KB", "MB", "GB", "TB"]
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024
    unit++
  }
  // Python rounds a tie to the even digit, toFixed to the larger.
  const rounded = roundHalfToEven(size * 100) / 100
  return `${count.toLocaleString("en-US")} (${rounded.toFixed(2)} ${units[unit]})`
}
