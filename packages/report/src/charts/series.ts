import { dot, lineY, type Markish } from "@observablehq/plot"
import type { Geometry } from "./panel.ts"
import { spread } from "./place.ts"
import { formatRanges, plottable } from "./scale.ts"
import { round, textElement, textWidth } from "./text.ts"
import { fontSizes } from "./theme.ts"

/** A line to draw. */
export interface Series {
  readonly name: string
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly colour: string
  readonly dash?: string
  readonly width?: number
  /** What stands at its end; nothing for `""`. By default its name. */
  readonly label?: string
  /** Draws every point, not only those without a neighbour. */
  readonly points?: boolean
}

const labelHeight = 15
const labelGap = 12

/** Whether a point can be drawn: on both axes, and positive on a logarithmic axis. */
function drawable(x: number, y: number, log: boolean): boolean {
  return plottable(x) && plottable(y) && (!log || y > 0)
}

/** Lines with gaps where a value cannot be drawn, and dots for points that stand alone. */
export function seriesMarks(series: readonly Series[], log = false): Markish[] {
  return series.flatMap(({ x, y, colour, dash, width = 2, points = false }) => {
    const fine = Array.from(y, (value, i) => drawable(x[i]!, value, log))
    const data = Array.from(y, (value, i) => ({ x: x[i]!, y: fine[i] ? value : Number.NaN }))
    const dots = data.filter((_, i) => fine[i] && (points || !(fine[i - 1] || fine[i + 1])))
    return [
      lineY(data, { x: "x", y: "y", stroke: colour, strokeWidth: width, ...(dash ? { strokeDasharray: dash } : {}) }),
      dot(dots, { x: "x", y: "y", fill: colour, r: points ? 2.5 : 3.5 }),
    ]
  })
}

function labelOf(series: Series): string {
  return series.label ?? series.name
}

/** Room that the labels need right of the plot area. */
export function labelMargin(series: readonly Series[]): number {
  const widths = series
    .map(labelOf)
    .filter(Boolean)
    .map(label => textWidth(label, fontSizes.tick))
  return widths.length ? Math.max(...widths) + labelGap + 4 : 0
}

/** Height of the plot area that the labels need. */
export function labelsHeight(series: readonly Series[]): number {
  return series.filter(labelOf).length * labelHeight
}

/** Each series' label right of the plot area, as near to the height of its last point as the others allow. */
export function endLabels(series: readonly Series[], geometry: Geometry, log = false): string {
  const entries = series.flatMap(line => {
    const last = line.y.findLastIndex((value, i) => drawable(line.x[i]!, value, log))
    if (last < 0 || !labelOf(line)) return []
    const limit = (value: number) => Math.min(geometry.bottom, Math.max(geometry.top, value))
    return [{ line, x: Math.min(geometry.right, geometry.x(line.x[last]!)), y: limit(geometry.y(line.y[last]!)) }]
  })
  const wanted = entries.map(entry => entry.y)
  const sizes = entries.map(() => labelHeight)
  const centres = spread(wanted, sizes, geometry.top - 6, geometry.bottom)
  return entries
    .map(({ line, x, y }, i) => {
      const target = centres[i]!
      const start = geometry.right + labelGap
      const moved = Math.abs(target - y) > 3 || geometry.right - x > 3
      const points = [x + 4, y, geometry.right + 3, y, start - 2, target].map(round)
      const path = `M${points[0]},${points[1]}L${points[2]},${points[3]}L${points[4]},${points[5]}`
      const leader = `<path d="${path}" fill="none" stroke="${line.colour}" stroke-opacity="0.6" stroke-dasharray="1 2"/>`
      return (moved ? leader : "") + textElement(labelOf(line), start, target + 4, { fill: line.colour })
    })
    .join("")
}

/** One sentence per series with values that cannot be drawn: `val_loss: NaN at epoch 3, Infinity at epochs 5–7`. */
export function gapNotes(series: readonly Series[], unit: string, log = false): string[] {
  return series.flatMap(({ name, x, y }) => {
    const places = new Map<string, number[]>()
    y.forEach((value, i) => {
      if (drawable(x[i]!, value, log)) return
      const kind = plottable(value) ? "not positive" : Number.isFinite(value) ? "beyond 1e300" : String(value)
      places.set(kind, [...(places.get(kind) ?? []), x[i]!])
    })
    if (!places.size) return []
    const parts = [...places].map(([kind, at]) => `${kind} at ${unit}${at.length > 1 ? "s" : ""} ${formatRanges(at)}`)
    return [`${name}: ${parts.join(", ")}`]
  })
}
