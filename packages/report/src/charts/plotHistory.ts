import { checkNumber, describe, OptionError } from "@selvedge/core"
import { drawPanel } from "./panel.ts"
import { formatValue, linearTicks, logDomain, paddedDomain } from "./scale.ts"
import { endLabels, gapNotes, labelMargin, labelsHeight, type Series, seriesMarks } from "./series.ts"
import { type ChartOptions, checkChart, type Drawing, frame, grid, innerWidth } from "./svg.ts"
import { seriesStyle } from "./theme.ts"

/** Options of {@link plotHistory}. */
export interface HistoryOptions extends ChartOptions {
  /** Only these metrics, in this order; `"loss"` stands for `val_loss` too. By default all. */
  readonly metrics?: readonly string[]
  /** Panels beside each other. By default two where there is room. */
  readonly columns?: number
  /** Number of the first epoch. By default 1. */
  readonly firstEpoch?: number
  /** Metrics drawn on a logarithmic axis. */
  readonly log?: readonly string[]
}

const owner = "plotHistory"

/**
 * Learning curves: a panel per metric (loss first, then accuracy, then the others in their order) with the training and the
 * validation curve, each labelled at its end with its last value. Epochs count from 1. NaN and infinite values are left
 * as gaps and named under the panel; a point without neighbours is drawn as a dot.
 *
 * @param history what `fit` returns: `{ loss: [...], accuracy: [...], val_loss: [...], val_accuracy: [...] }`, one value an epoch
 * @returns SVG text
 * @throws OptionError for an unknown option or metric, or a history without values
 */
export function plotHistory(
  history: Readonly<Record<string, readonly number[]>>,
  options: HistoryOptions = {},
): string {
  checkChart(owner, options, ["metrics", "columns", "firstEpoch", "log"])
  checkHistory(history)
  const names = metricNames(history)
  const metrics = options.metrics ?? names
  checkMetrics("metrics", metrics, names)
  checkMetrics("log", options.log ?? [], names)
  const firstEpoch = checkNumber(owner, "firstEpoch", options.firstEpoch ?? 1, { integer: true, min: 0 })
  const width = innerWidth(options.width ?? (metrics.length > 1 ? 860 : 520))
  const fitting = Math.max(1, Math.min(metrics.length, Math.floor((width + 28) / 320), 2))
  const columns = checkNumber(owner, "columns", options.columns ?? fitting, { integer: true, min: 1, max: 6 })
  const panelWidth = (width - 28 * (columns - 1)) / columns
  const panels = metrics.map(name =>
    historyPanel(name, metricSeries(history, name, firstEpoch), panelWidth, options.log?.includes(name) ?? false),
  )
  return frame(grid(panels, columns, 28), {
    title: options.title,
    name: "Learning curves",
    description: options.description ?? summarize(history, firstEpoch),
  })
}

function historyPanel(name: string, series: readonly Series[], width: number, log: boolean): Drawing {
  const values = series.flatMap(line => line.y)
  const epochs = series.flatMap(line => line.x)
  const [first, last] = [Math.min(...epochs), Math.max(...epochs)]
  return drawPanel({
    width,
    height: Math.max(250, labelsHeight(series) + 84),
    heading: name,
    x: {
      domain: first === last ? [first - 0.5, last + 0.5] : [first, last],
      label: "Epoch",
      integer: true,
      ...epochTicks(first, last),
    },
    y: { domain: log ? logDomain(values) : paddedDomain(values), log },
    marginRight: labelMargin(series),
    marks: seriesMarks(series, log),
    overlay: geometry => endLabels(series, geometry, log),
    notes: gapNotes(series, "epoch", log),
  })
}

/** Round epochs, and the first one where it does not crowd them. */
function epochTicks(first: number, last: number): { ticks: number[] } | object {
  if (first === last) return { ticks: [first] }
  if (last - first < 6) return {}
  const ticks = linearTicks(first, last, 5, 1)
  const step = ticks[1]! - ticks[0]!
  return { ticks: ticks[0]! - first > step * 0.55 ? [first, ...ticks] : ticks }
}

function metricSeries(
  history: Readonly<Record<string, readonly number[]>>,
  name: string,
  firstEpoch: number,
): Series[] {
  return [name, `val_${name}`].flatMap((key, i) => {
    const y = history[key]
    if (!y?.length) return []
    const last = y.findLast(Number.isFinite)
    const label = last === undefined ? key : `${key} ${formatValue(last)}`
    const { colour } = seriesStyle(i)
    return [{ name: key, x: y.map((_, epoch) => firstEpoch + epoch), y, colour, label, points: y.length <= 30 }]
  })
}

/** Metric names without `val_`, loss and accuracy first. */
function metricNames(history: Readonly<Record<string, readonly number[]>>): string[] {
  const filled = Object.keys(history).filter(key => history[key]!.length > 0)
  const names = [...new Set(filled.map(key => key.replace(/^val_/, "")))]
  const rank = (name: string) => (name === "loss" ? 0 : /^(acc|accuracy)$/.test(name) ? 1 : 2)
  return names.sort((a, b) => rank(a) - rank(b))
}

function checkHistory(history: Readonly<Record<string, readonly number[]>>): void {
  const valid = typeof history === "object" && history !== null && !Array.isArray(history)
  if (!valid) throw new OptionError(`${owner}: history must be an object of arrays, got ${describe(history)}`)
  for (const [key, values] of Object.entries(history)) {
    if (Array.isArray(values) && values.every(value => typeof value === "number")) continue
    throw new OptionError(`${owner}: history.${key} must be an array of numbers, got ${describe(values)}`, {
      hint: "pass the history property of what fit returns",
    })
  }
  if (Object.values(history).some(values => values.length > 0)) return
  throw new OptionError(`${owner}: the history holds no epoch`, {
    facts: { keys: Object.keys(history).join(", ") || "(none)" },
  })
}

function checkMetrics(option: string, metrics: readonly string[], names: readonly string[]): void {
  if (!Array.isArray(metrics) || (option === "metrics" && metrics.length === 0)) {
    throw new OptionError(`${owner}: ${option} must be a list of metrics, got ${describe(metrics)}`)
  }
  for (const metric of metrics) {
    if (names.includes(metric)) continue
    throw new OptionError(`${owner}: ${option} names ${describe(metric)}, which the history does not have`, {
      facts: { has: names.join(", ") },
    })
  }
}

function summarize(history: Readonly<Record<string, readonly number[]>>, firstEpoch: number): string {
  return Object.entries(history)
    .filter(([, values]) => values.length > 0)
    .map(([key, values]) => {
      const end = `epoch ${firstEpoch + values.length - 1}`
      if (values.length === 1) return `${key} is ${formatValue(values[0]!)} in ${end}.`
      return `${key} goes from ${formatValue(values[0]!)} to ${formatValue(values.at(-1)!)} in ${end}.`
    })
    .join(" ")
}
