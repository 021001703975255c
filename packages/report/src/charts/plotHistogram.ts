import { rectY } from "@observablehq/plot"
import { checkBoolean, checkNumber, describe, OptionError } from "@selvedge/core"
import { drawPanel } from "./panel.ts"
import { extent, formatValue, plottable } from "./scale.ts"
import {
  type ChartOptions,
  checkChart,
  checkInterval,
  checkText,
  type Drawing,
  frame,
  grid,
  innerWidth,
} from "./svg.ts"
import { seriesStyle } from "./theme.ts"

/** Options of {@link plotHistogram}. */
export interface HistogramOptions extends ChartOptions {
  /** Number of bars. By default 40. */
  readonly bins?: number
  /** What the bars cover; values outside are counted and named. By default the values' extent. */
  readonly domain?: readonly [number, number]
  /** Gives several histograms the same horizontal axis. By default true. */
  readonly shareX?: boolean
  readonly xLabel?: string
  /** Histograms beside each other. By default up to three. */
  readonly columns?: number
}

const owner = "plotHistogram"
const gap = 28

/**
 * Histograms: how many values fall into each of equally wide bins, with mean, standard deviation (population) and number of
 * the finite values. NaN and infinite values, and values outside of `domain`, are counted under the plot.
 *
 * @param values numbers, or an object of these by name: a panel each
 * @returns SVG text
 * @throws OptionError for an unknown option, or when there is nothing to draw
 */
export function plotHistogram(
  values: ArrayLike<number> | Readonly<Record<string, ArrayLike<number>>>,
  options: HistogramOptions = {},
): string {
  checkHistogram(options)
  const panels = toPanels(values)
  const all = options.domain ?? shared(panels.map(([, data]) => data))
  const width = innerWidth(options.width ?? (panels.length > 1 ? 860 : 520))
  const fitting = Math.max(1, Math.min(panels.length, 3, Math.floor((width + gap) / 240)))
  const columns = options.columns ?? fitting
  const panelWidth = (width - gap * (columns - 1)) / columns
  const drawings = panels.map(([name, data]) =>
    histogramPanel(
      name,
      data,
      (options.shareX ?? true) ? all : (options.domain ?? shared([data])),
      panelWidth,
      options,
    ),
  )
  const sentence = ([name, data]: [string, ArrayLike<number>]) => `${name ? `${name}: ` : ""}${moments(data).text}.`
  return frame(grid(drawings, columns, gap), {
    title: options.title,
    name: panels.length > 1 ? "Histograms" : "Histogram",
    description: options.description ?? panels.map(sentence).join(" "),
  })
}

function histogramPanel(
  name: string,
  data: ArrayLike<number>,
  domain: readonly [number, number],
  width: number,
  options: HistogramOptions,
): Drawing {
  const { bars, outside, notFinite } = count(data, domain, options.bins ?? 40)
  const { colour } = seriesStyle(0)
  const notes = [moments(data).text]
  if (outside) notes.push(`${formatValue(outside)} of ${formatValue(data.length)} outside of the plot`)
  if (notFinite) notes.push(`${formatValue(notFinite)} of ${formatValue(data.length)} NaN or infinite`)
  return drawPanel({
    width,
    height: 190 + (name ? 22 : 0) + (options.xLabel ? 18 : 0),
    heading: name || undefined,
    x: { domain, label: options.xLabel },
    y: { domain: [0, Math.max(1, ...bars.map(bar => bar.y))], integer: true },
    marks: [rectY(bars, { x1: "x1", x2: "x2", y: "y", fill: colour, insetLeft: 0.3, insetRight: 0.3 })],
    notes,
  })
}

/** Counts per bin; a value on an edge belongs to the bin above it, the highest edge to the last bin. */
function count(data: ArrayLike<number>, [low, high]: readonly [number, number], bins: number) {
  const counts = new Array<number>(bins).fill(0)
  let outside = 0
  let notFinite = 0
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!
    if (!plottable(value)) notFinite++
    else if (value < low || value > high) outside++
    else counts[Math.min(bins - 1, Math.floor(((value - low) / (high - low)) * bins))]!++
  }
  const edge = (i: number) => low + ((high - low) * i) / bins
  return { bars: counts.map((y, i) => ({ x1: edge(i), x2: edge(i + 1), y })), outside, notFinite }
}

function moments(data: ArrayLike<number>): { text: string } {
  let n = 0
  let mean = 0
  let squares = 0
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!
    if (!plottable(value)) continue
    n++
    const delta = value - mean
    mean += delta / n
    squares += delta * (value - mean)
  }
  if (n === 0) return { text: "no finite value" }
  return { text: `mean ${formatValue(mean)}, std ${formatValue(Math.sqrt(squares / n))}, n = ${formatValue(n)}` }
}

function shared(series: readonly ArrayLike<number>[]): [number, number] {
  const extents = series.flatMap(data => extent(Array.from(data)) ?? [])
  const [low, high] = extent(extents) ?? [0, 1]
  return low < high ? [low, high] : [low - 0.5, high + 0.5]
}

function toPanels(
  values: ArrayLike<number> | Readonly<Record<string, ArrayLike<number>>>,
): [string, ArrayLike<number>][] {
  const numbers = (value: unknown): value is ArrayLike<number> =>
    ArrayBuffer.isView(value) || (Array.isArray(value) && value.every(item => typeof item === "number"))
  if (numbers(values)) {
    if (values.length > 0) return [["", values]]
    throw new OptionError(`${owner}: there is no value to draw`)
  }
  const panels = values && typeof values === "object" && !Array.isArray(values) ? Object.entries(values) : []
  if (panels.length > 0 && panels.every(([, data]) => numbers(data) && data.length > 0)) return panels
  const wrong = panels.find(([, data]) => !numbers(data) || data.length === 0)
  const got = wrong ? `${describe(wrong[0])} is ${describe(wrong[1])}` : `got ${describe(values)}`
  throw new OptionError(`${owner}: values must be numbers, or an object of numbers by name: ${got}`)
}

function checkHistogram(options: HistogramOptions): void {
  checkChart(owner, options, ["bins", "domain", "shareX", "xLabel", "columns"])
  checkText(owner, "xLabel", options.xLabel)
  if (options.bins !== undefined) checkNumber(owner, "bins", options.bins, { integer: true, min: 1, max: 1000 })
  if (options.columns !== undefined) checkNumber(owner, "columns", options.columns, { integer: true, min: 1, max: 6 })
  if (options.shareX !== undefined) checkBoolean(owner, "shareX", options.shareX)
  checkInterval(owner, "domain", options.domain)
}
