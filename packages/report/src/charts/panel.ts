import { gridX, gridY, type Markish } from "@observablehq/plot"
import { linearTicks, logTicks, tickLabels } from "./scale.ts"
import { type Drawing, drawPlot } from "./svg.ts"
import { round, textElement, textWidth, wrap } from "./text.ts"
import { fontSizes, neutral } from "./theme.ts"

/** Where the plot area lies in a panel, and where data coordinates lie in it; all in pixels. */
export interface Geometry {
  readonly left: number
  readonly right: number
  readonly top: number
  readonly bottom: number
  x(value: number): number
  y(value: number): number
}

/** One axis of a panel. */
export interface AxisSpec {
  readonly domain: readonly [number, number]
  readonly label?: string | undefined
  readonly log?: boolean
  /** Whole numbers only: epochs, counts. */
  readonly integer?: boolean
  readonly ticks?: readonly number[]
  /** Labels of `ticks`; by default the numbers. */
  readonly tickLabels?: readonly string[]
}

/** A plot with axes. Marks are clipped to the plot area, the overlay is not. */
export interface PanelSpec {
  readonly width: number
  /** Height without the notes. */
  readonly height: number
  readonly heading?: string | undefined
  readonly x: AxisSpec
  readonly y: AxisSpec
  /** Room right of the plot area, for labels. */
  readonly marginRight?: number
  readonly grid?: "x" | "y" | "both" | "none"
  /** How far marks may reach out of the plot area, in pixels: dots on its edge do. By default 4. */
  readonly bleed?: number
  readonly marks: readonly Markish[]
  readonly overlay?: (geometry: Geometry) => string
  /** Sentences under the panel. */
  readonly notes?: readonly string[]
}

const size = fontSizes.tick

/** Draws a panel: heading, axes, marks, overlay, notes. */
export function drawPanel(spec: PanelSpec): Drawing {
  const top = (spec.heading ? 22 : 0) + (spec.y.label ? 20 : 8)
  const bottom = spec.height - 22 - (spec.x.label ? 18 : 0)
  const y = axisTicks(spec.y, (bottom - top) / 36)
  const left = Math.max(14, ...y.labels.map(label => textWidth(label, size))) + 10
  const rightMargin = Math.max(14, spec.marginRight ?? 0)
  const x = fitTicks(spec.x, spec.width - left - rightMargin)
  const right = spec.width - Math.max(rightMargin, textWidth(x.labels.at(-1) ?? "", size) / 2 + 2)
  const frame = { width: spec.width, height: spec.height, marginLeft: left, marginRight: spec.width - right }
  const scales = {
    ...frame,
    marginTop: top,
    marginBottom: spec.height - bottom,
    x: { type: spec.x.log ? "log" : "linear", domain: [...spec.x.domain], label: null },
    y: { type: spec.y.log ? "log" : "linear", domain: [...spec.y.domain], label: null },
  } as const
  const back = drawPlot({ ...scales, marks: gridMarks(spec, x.ticks, y.ticks) })
  const front = drawPlot({ ...scales, marks: [...spec.marks] })
  const geometry = { left, right, top, bottom, x: back.x, y: back.y }
  const notes = (spec.notes ?? []).flatMap(note => wrap(note, spec.width, size))
  const content = [
    back.content,
    drawAxes(x, y, geometry),
    clip(front.content, geometry, spec.bleed ?? 4),
    labels(spec, geometry),
    spec.overlay?.(geometry) ?? "",
    ...notes.map((note, i) => textElement(note, 0, spec.height + 14 + 15 * i, { fill: neutral.muted.light })),
  ]
  return {
    content: content.join(""),
    width: spec.width,
    height: spec.height + (notes.length ? 15 * notes.length + 6 : 0),
  }
}

interface Ticks {
  readonly ticks: readonly number[]
  readonly labels: readonly string[]
}

function axisTicks(axis: AxisSpec, count: number): Ticks {
  const [low, high] = axis.domain
  const wanted = Math.max(2, Math.floor(count))
  const ticks =
    axis.ticks ?? (axis.log ? logTicks(low, high, wanted) : linearTicks(low, high, wanted, axis.integer ? 1 : 0))
  return { ticks, labels: axis.tickLabels ?? tickLabels(ticks) }
}

/** As many ticks as their labels have room for. */
function fitTicks(axis: AxisSpec, width: number): Ticks {
  const room = (ticks: Ticks) => Math.max(12, ...ticks.labels.map(label => textWidth(label, size))) + 14
  let count = Math.min(10, Math.floor(width / 34))
  let ticks = axisTicks(axis, count)
  while (count > 2 && ticks.ticks.length * room(ticks) > width + room(ticks)) ticks = axisTicks(axis, --count)
  return ticks
}

function gridMarks(spec: PanelSpec, x: readonly number[], y: readonly number[]): Markish[] {
  const style = { stroke: neutral.grid.light, strokeOpacity: 1 }
  const which = spec.grid ?? "y"
  const marks: Markish[] = []
  if (which === "y" || which === "both") marks.push(gridY(y, style))
  if (which === "x" || which === "both") marks.push(gridX(x, style))
  return marks
}

/** Tick marks and labels. Plot's own axes leave labels out on a logarithmic scale. */
function drawAxes(x: Ticks, y: Ticks, geometry: Geometry): string {
  const { left, bottom } = geometry
  const fill = neutral.muted.light
  const paths: string[] = []
  const texts: string[] = []
  x.ticks.forEach((tick, i) => {
    const at = geometry.x(tick)
    paths.push(`M${round(at)},${round(bottom)}v4`)
    texts.push(textElement(x.labels[i] ?? "", at, bottom + 16, { anchor: "middle", fill }))
  })
  y.ticks.forEach((tick, i) => {
    const at = geometry.y(tick)
    paths.push(`M${round(left)},${round(at)}h-4`)
    texts.push(textElement(y.labels[i] ?? "", left - 7, at + size * 0.35, { anchor: "end", fill }))
  })
  return `<path d="${paths.join("")}" stroke="${fill}"/>${texts.join("")}`
}

/** A nested `<svg>` clips without an id, which could clash with another chart's in the same page. */
function clip(content: string, { left, right, top, bottom }: Geometry, bleed: number): string {
  const box = [left - bleed, top - bleed, right - left + 2 * bleed, bottom - top + 2 * bleed]
  const [x, y, width, height] = box.map(round)
  const attributes = `x="${x}" y="${y}" width="${width}" height="${height}" viewBox="${x} ${y} ${width} ${height}"`
  return `<svg ${attributes} overflow="hidden">${content}</svg>`
}

function labels(spec: PanelSpec, { left, right, top }: Geometry): string {
  const style = { size: fontSizes.label, fill: neutral.muted.light } as const
  const texts: string[] = []
  if (spec.heading) texts.push(textElement(spec.heading, 0, 14, { size: fontSizes.heading, bold: true }))
  if (spec.y.label) texts.push(textElement(spec.y.label, 0, top - 10, style))
  if (spec.x.label) {
    texts.push(textElement(spec.x.label, (left + right) / 2, spec.height - 4, { ...style, anchor: "middle" }))
  }
  return texts.join("")
}
