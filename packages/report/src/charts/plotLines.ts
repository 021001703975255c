import { type Markish, ruleX, ruleY } from "@observablehq/plot"
import { checkBoolean, checkChoice, checkKeys, checkNumber, describe, OptionError } from "@selvedge/core"
import { type Annotation, checkAnnotations, drawAnnotations } from "./annotations.ts"
import { drawPanel } from "./panel.ts"
import { extent, formatValue, logDomain, paddedDomain } from "./scale.ts"
import { endLabels, gapNotes, labelMargin, labelsHeight, type Series, seriesMarks } from "./series.ts"
import { type ChartOptions, checkChart, checkInterval, checkText, frame, innerWidth } from "./svg.ts"
import { neutral, seriesStyle } from "./theme.ts"

/** A line of {@link plotLines}: its points, or a function to sample over `xDomain`. */
export interface Line {
  /** Stands at the line's end, and in the description. */
  readonly name: string
  readonly y?: readonly number[]
  /** By default 0, 1, 2, ... */
  readonly x?: readonly number[]
  readonly fn?: (x: number) => number
  /** Broken, in a quiet colour: a tangent, a reference. */
  readonly dashed?: boolean
  /** Whether the name stands at its end. By default yes for solid lines where there are several of them. */
  readonly labelled?: boolean
  /** Draws every point. */
  readonly points?: boolean
}

/** A straight line across the plot: `y` for a horizontal one (an asymptote), `x` for a vertical one. */
export interface Rule {
  readonly x?: number
  readonly y?: number
  readonly dashed?: boolean
}

/** Options of {@link plotLines}. */
export interface LinesOptions extends ChartOptions {
  readonly xDomain?: readonly [number, number]
  readonly yDomain?: readonly [number, number]
  readonly xLabel?: string
  readonly yLabel?: string
  readonly xScale?: "linear" | "log"
  readonly yScale?: "linear" | "log"
  readonly height?: number
  readonly grid?: boolean
  readonly rules?: readonly Rule[]
  readonly annotations?: readonly Annotation[]
  /** Points at which a function is evaluated. By default 401. */
  readonly samples?: number
}

const owner = "plotLines"
const optionKeys = "xDomain yDomain xLabel yLabel xScale yScale height grid rules annotations samples".split(" ")
const lineKeys = ["name", "x", "y", "fn", "dashed", "labelled", "points"]

/**
 * Lines through points and graphs of functions, with rules (asymptotes, axes), texts and arrows. Several lines are named at
 * their ends; texts and names never cover each other. NaN and infinite values are gaps, named under the plot for given
 * points (a function may have poles).
 *
 * @param lines a line, or several
 * @returns SVG text
 * @throws OptionError for an unknown option, a line without points, domains that are not increasing
 */
export function plotLines(lines: Line | readonly Line[], options: LinesOptions = {}): string {
  checkLines(options)
  const list = [lines].flat() as readonly Line[]
  const xLog = options.xScale === "log"
  const yLog = options.yScale === "log"
  for (const [i, line] of list.entries()) checkLine(line, i, options)
  const given = list.flatMap(line => (line.fn ? [] : xValues(line)))
  const xDomain = options.xDomain ?? (xLog ? logDomain(given) : (extent(given) ?? [0, 1]))
  const series = list.map((line, i) => toSeries(line, i, list, xDomain, options.samples ?? 401))
  const values = series.flatMap(line => line.y)
  const width = innerWidth(options.width ?? 620)
  const panel = drawPanel({
    width,
    height: Math.max(options.height ?? 340, labelsHeight(series) + 64),
    // Nobody wants to read of step 1.5.
    x: {
      domain: widened(xDomain),
      label: options.xLabel,
      log: xLog,
      integer: given.length > 0 && given.every(Number.isInteger),
    },
    y: {
      domain: options.yDomain ?? (yLog ? logDomain(values) : paddedDomain(values)),
      label: options.yLabel,
      log: yLog,
    },
    grid: (options.grid ?? true) ? "both" : "none",
    marginRight: labelMargin(series),
    bleed: options.yDomain && !series.some(line => line.points) ? 1 : 4,
    marks: [...ruleMarks(options.rules ?? []), ...seriesMarks(series, yLog)],
    overlay: area => endLabels(series, area, yLog) + drawAnnotations(options.annotations ?? [], area),
    notes: gapNotes(
      series.filter((_, i) => !list[i]!.fn),
      options.xLabel?.toLowerCase() ?? "x",
      yLog,
    ),
  })
  const description = options.description ?? summarize(series, options)
  return frame(panel, { title: options.title, name: options.yLabel ?? "Lines", description })
}

function toSeries(
  line: Line,
  index: number,
  all: readonly Line[],
  domain: readonly [number, number],
  samples: number,
): Series {
  const solid = all.slice(0, index).filter(other => !other.dashed).length
  const style = line.dashed
    ? { colour: neutral.muted.light, dash: "6 4", width: 1.5 }
    : { ...seriesStyle(solid), width: 2.5 }
  const labelled = line.labelled ?? (!line.dashed && all.filter(other => !other.dashed).length > 1)
  const rest = { name: line.name, ...style, label: labelled ? line.name : "", points: line.points ?? false }
  if (!line.fn) return { ...rest, x: xValues(line), y: line.y! }
  const [low, high] = domain
  const x = Array.from({ length: samples }, (_, i) => low + ((high - low) * i) / (samples - 1))
  return { ...rest, x, y: x.map(line.fn) }
}

function xValues(line: Line): readonly number[] {
  return line.x ?? line.y!.map((_, i) => i)
}

function widened([low, high]: readonly [number, number]): readonly [number, number] {
  return low < high ? [low, high] : [low - 0.5, low + 0.5]
}

function ruleMarks(rules: readonly Rule[]): Markish[] {
  return rules.map(({ x, y, dashed = false }) => {
    const style = dashed
      ? { stroke: neutral.muted.light, strokeDasharray: "6 4", strokeWidth: 1.5 }
      : { stroke: neutral.ink.light, strokeWidth: 1 }
    return x === undefined ? ruleY([y!], style) : ruleX([x], style)
  })
}

function checkLine(line: Line, index: number, options: LinesOptions): void {
  const name = `${owner}: lines[${index}]`
  checkKeys(name, line, lineKeys)
  checkText(name, "name", line.name ?? null)
  for (const key of ["dashed", "labelled", "points"] as const)
    if (line[key] !== undefined) checkBoolean(name, key, line[key])
  if (typeof line.fn === "function" && line.y === undefined && line.x === undefined) {
    if (options.xDomain) return
    throw new OptionError(`${name}: a function needs the option xDomain`, {
      hint: "plotLines(lines, { xDomain: [-5, 5] })",
    })
  }
  const numbers = (values: unknown) => Array.isArray(values) && values.every(value => typeof value === "number")
  if (line.fn === undefined && numbers(line.y) && line.y!.length > 0) {
    if (line.x === undefined || (numbers(line.x) && line.x.length === line.y!.length)) return
  }
  throw new OptionError(`${name} must have y (and x of the same length), or fn`, {
    facts: { x: describe(line.x), y: describe(line.y), fn: describe(line.fn) },
  })
}

function checkLines(options: LinesOptions): void {
  checkChart(owner, options, optionKeys)
  for (const name of ["xLabel", "yLabel"] as const) checkText(owner, name, options[name])
  for (const name of ["xScale", "yScale"] as const) {
    if (options[name] !== undefined) checkChoice(owner, name, options[name], ["linear", "log"])
  }
  for (const name of ["xDomain", "yDomain"] as const) checkInterval(owner, name, options[name])
  if (options.height !== undefined) checkNumber(owner, "height", options.height, { min: 120, max: 4000 })
  if (options.samples !== undefined)
    checkNumber(owner, "samples", options.samples, { min: 2, max: 100_000, integer: true })
  if (options.grid !== undefined) checkBoolean(owner, "grid", options.grid)
  if (options.annotations) checkAnnotations(owner, options.annotations)
  options.rules?.forEach((rule, i) => {
    checkKeys(`${owner}: rules[${i}]`, rule, ["x", "y", "dashed"])
    if ((rule.x === undefined) !== (rule.y === undefined) && Number.isFinite(rule.x ?? rule.y)) return
    throw new OptionError(`${owner}: rules[${i}] must have either x or y, a finite number`)
  })
}

function summarize(series: readonly Series[], options: LinesOptions): string {
  const ranges = series.map(({ name, y }) => {
    const [low, high] = extent(y) ?? [Number.NaN, Number.NaN]
    return `${name} between ${formatValue(low)} and ${formatValue(high)}.`
  })
  return [...ranges, ...(options.annotations ?? []).map(annotation => `${annotation.text}.`)].join(" ")
}
