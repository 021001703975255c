import { DOMParser } from "linkedom"

/** A text of an SVG with the corners of its estimated box, in the root's coordinates. */
export interface TextBox {
  readonly text: string
  readonly corners: readonly (readonly [number, number])[]
}

type Matrix = readonly [number, number, number, number, number, number]

interface Inherited {
  readonly matrix: Matrix
  readonly size: number
  readonly anchor: string
}

interface Node {
  readonly tagName: string
  readonly textContent: string | null
  readonly children: Iterable<Node>
  getAttribute(name: string): string | null
}

/** All texts with estimated boxes; the estimate shares no code with the charts' own layout. */
export function textBoxes(svg: string): TextBox[] {
  const root: Node = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement
  const boxes: TextBox[] = []
  walk(root, { matrix: [1, 0, 0, 1, 0, 0], size: 10, anchor: "start" }, boxes, true)
  return boxes
}

/** The texts alone. */
export function texts(svg: string): string[] {
  return textBoxes(svg).map(box => box.text)
}

/** Pairs of texts whose boxes overlap. */
export function overlaps(svg: string): [string, string][] {
  const boxes = textBoxes(svg)
  return boxes.flatMap((a, i) =>
    boxes
      .slice(i + 1)
      .filter(b => !separated(a.corners, b.corners) && !separated(b.corners, a.corners))
      .map((b): [string, string] => [a.text, b.text]),
  )
}

/** Texts that reach out of the picture. */
export function clipped(svg: string): string[] {
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg)!.map(Number)
  const inside = ([x, y]: readonly [number, number]) => x >= -0.5 && y >= -0.5 && x <= width + 0.5 && y <= height + 0.5
  return textBoxes(svg)
    .filter(box => !box.corners.every(inside))
    .map(box => box.text)
}

/** What the axes of a chart with one panel and a full grid cover, from the places of its tick labels and of its grid. */
export function axisExtents(svg: string): { x: [number, number]; y: [number, number] } {
  const found = [...svg.matchAll(/<text x="([\d.]+)" y="([\d.]+)" font-size="11" text-anchor="(\w+)"[^>]*>([^<]*)</g)]
  const ticks = found.map(([, x, y, anchor, label]) => {
    // A label's baseline lies 0.35 of its size under the tick.
    const at = anchor === "end" ? Number(y) - 11 * 0.35 : Number(x)
    return { at, anchor, value: Number(label.replace("−", "-").replace(",", "")) }
  })
  const lines = [...svg.matchAll(/<line ([^>]*)\/>/g)].map(([, attributes]) => {
    const number = (name: string) => Number(new RegExp(`\\b${name}="([\\d.]+)"`).exec(attributes)?.[1])
    return [number("x1"), number("x2"), number("y1"), number("y2")]
  })
  const across = lines.find(([, , y1, y2]) => y1 === y2)!
  const down = lines.find(([x1, x2]) => x1 === x2)!
  const scale = (anchor: string, pixels: readonly [number, number]): [number, number] => {
    const own = ticks.filter(tick => tick.anchor === anchor && Number.isFinite(tick.value))
    const [a, b] = [own[0], own.at(-1)!]
    const value = (at: number) => a.value + ((at - a.at) * (b.value - a.value)) / (b.at - a.at)
    const [first, second] = pixels.map(value).sort((p, q) => p - q)
    return [first, second]
  }
  return { x: scale("middle", [across[0], across[1]]), y: scale("end", [down[2], down[3]]) }
}

function walk(node: Node, inherited: Inherited, boxes: TextBox[], root = false): void {
  const number = (name: string, fallback = 0) => Number(node.getAttribute(name) ?? fallback)
  let matrix = inherited.matrix
  if (node.tagName === "svg" && !root) {
    const [vx, vy] = (node.getAttribute("viewBox") ?? "0 0").split(" ").map(Number)
    matrix = multiply(matrix, [1, 0, 0, 1, number("x") - vx, number("y") - vy])
  }
  matrix = multiply(matrix, transformOf(node.getAttribute("transform") ?? ""))
  const size = number("font-size", inherited.size)
  const anchor = node.getAttribute("text-anchor") ?? inherited.anchor
  if (node.tagName === "text") {
    const text = node.textContent ?? ""
    const width = widthOf(text) * size
    const left = length(node.getAttribute("x"), size) - (anchor === "middle" ? width / 2 : anchor === "end" ? width : 0)
    const base = length(node.getAttribute("y"), size) + length(node.getAttribute("dy"), size)
    const [top, bottom] = [base - 0.74 * size, base + 0.2 * size]
    const corners = [
      [left, top],
      [left + width, top],
      [left + width, bottom],
      [left, bottom],
    ] as const
    boxes.push({ text, corners: corners.map(corner => apply(matrix, corner)) })
  }
  for (const child of node.children) walk(child, { matrix, size, anchor }, boxes)
}

function widthOf(text: string): number {
  let width = 0
  for (const c of text)
    width += /[iljt.,:;|!' ]/.test(c) ? 0.34 : /[mwMW%@]/.test(c) ? 0.92 : /[A-Z0-9]/.test(c) ? 0.66 : 0.6
  return width
}

function length(value: string | null, size: number): number {
  return value === null ? 0 : value.endsWith("em") ? Number(value.slice(0, -2)) * size : Number(value)
}

function transformOf(text: string): Matrix {
  let result: Matrix = [1, 0, 0, 1, 0, 0]
  for (const [, kind, list] of text.matchAll(/(\w+)\(([^)]*)\)/g)) {
    const [a, b = 0, c = 0] = list.split(/[ ,]+/).map(Number)
    if (kind === "translate") result = multiply(result, [1, 0, 0, 1, a, b])
    else if (kind === "rotate") {
      const [cos, sin] = [Math.cos((a * Math.PI) / 180), Math.sin((a * Math.PI) / 180)]
      const turned = multiply([1, 0, 0, 1, b, c], [cos, sin, -sin, cos, 0, 0])
      result = multiply(result, multiply(turned, [1, 0, 0, 1, -b, -c]))
    } else throw new Error(`transform ${kind} is not handled`)
  }
  return result
}

function multiply([a, b, c, d, e, f]: Matrix, [g, h, i, j, k, l]: Matrix): Matrix {
  return [a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * l + e, b * k + d * l + f]
}

function apply([a, b, c, d, e, f]: Matrix, [x, y]: readonly [number, number]): [number, number] {
  return [a * x + c * y + e, b * x + d * y + f]
}

/** Whether an edge of the rectangle `a` has all of `b` on its outer side (separating axis). */
function separated(a: TextBox["corners"], b: TextBox["corners"]): boolean {
  return a.some(([x1, y1], i) => {
    const [x2, y2] = a[(i + 1) % 4]
    const side = ([x, y]: readonly [number, number]) => (x2 - x1) * (y - y1) - (y2 - y1) * (x - x1)
    return b.every(corner => side(corner) <= 0.01)
  })
}
