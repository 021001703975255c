import { checkChoice, checkKeys, checkNumber, describe, OptionError } from "@selvedge/core"
import { plotLines } from "./plotLines.ts"
import { type ChartOptions, checkChart, checkText } from "./svg.ts"

/** A schedule: its values, one a step (or epoch), or a function of the step. */
export type ScheduleValues = readonly number[] | ((step: number) => number)

/** Options of {@link plotSchedule}. */
export interface ScheduleOptions extends ChartOptions {
  /** How many steps to draw; needed for a function. By default all values. */
  readonly steps?: number
  /** What a step is. By default `"Step"`. */
  readonly xLabel?: string
  /** By default `"Learning rate"`. */
  readonly yLabel?: string
  readonly yScale?: "linear" | "log"
}

const owner = "plotSchedule"

/**
 * A learning-rate (or momentum) schedule over its steps, from step 0, or several named ones in one plot.
 *
 * @param schedule values, a function of the step, or an object of these by name
 * @returns SVG text
 * @throws OptionError for an unknown option, or a function without `steps`
 */
export function plotSchedule(
  schedule: ScheduleValues | Readonly<Record<string, ScheduleValues>>,
  options: ScheduleOptions = {},
): string {
  checkChart(owner, options, ["steps", "xLabel", "yLabel", "yScale"])
  const { steps, xLabel = "Step", yLabel = "Learning rate", yScale = "linear", ...rest } = options
  checkText(owner, "xLabel", xLabel)
  checkText(owner, "yLabel", yLabel)
  checkChoice(owner, "yScale", yScale, ["linear", "log"])
  if (steps !== undefined) checkNumber(owner, "steps", steps, { integer: true, min: 1, max: 1_000_000 })
  const single = typeof schedule === "function" || Array.isArray(schedule)
  if (!single) checkKeys(owner, schedule, Object.keys(schedule ?? {}))
  const named = single
    ? { [yLabel]: schedule as ScheduleValues }
    : (schedule as Readonly<Record<string, ScheduleValues>>)
  const lines = Object.entries(named).map(([name, values]) => ({ name, ...sample(name, values, steps) }))
  if (lines.length === 0) throw new OptionError(`${owner}: there is no schedule to draw`)
  return plotLines(lines, { xLabel, yLabel, yScale, ...rest })
}

/** At most about 2,000 points: no screen shows more, and the first and the last are among them. */
function sample(name: string, values: ScheduleValues, steps: number | undefined): { x: number[]; y: number[] } {
  if (typeof values === "function" && steps === undefined) {
    throw new OptionError(`${owner}: ${describe(name)} is a function, so the option steps must say how many to draw`)
  }
  const fine = typeof values === "function" || (Array.isArray(values) && values.length > 0)
  if (!fine) throw new OptionError(`${owner}: ${describe(name)} must be numbers or a function, got ${describe(values)}`)
  const at = (step: number) => (typeof values === "function" ? values(step) : values[step]!)
  const count = typeof values === "function" ? steps! : Math.min(steps ?? values.length, values.length)
  const every = Math.max(1, Math.floor(count / 1000))
  const x = Array.from({ length: Math.ceil(count / every) }, (_, i) => i * every)
  if (x.at(-1) !== count - 1) x.push(count - 1)
  return { x, y: x.map(at) }
}
