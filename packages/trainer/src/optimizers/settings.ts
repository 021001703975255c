import { checkBoolean, checkNumber, OptionError } from "@selvedge/core"
import { complete, isSerialized, type Options } from "../config.ts"
import { deserializeSchedule, type LearningRate, Schedule } from "../schedules/index.ts"

/** What every optimizer can be told besides its own constants. */
export interface CommonOptions {
  /** A number, a schedule, or a function of the step. */
  learningRate: LearningRate
  /** Decoupled: each update first takes `weightDecay * learningRate` of every weight away from it. */
  weightDecay: number | null
  /** Scales a weight's gradient down to this L2 norm when it is longer. */
  clipnorm: number | null
  /** Cuts each gradient entry to [-clipvalue, clipvalue]. */
  clipvalue: number | null
  /** Scales all gradients together down to this joint L2 norm when they are longer. */
  globalClipnorm: number | null
  /** Keeps an exponential moving average of the weights. */
  useEma: boolean
  emaMomentum: number
  /** Replaces the weights by their averages every so many updates; null: only when `fit` ends. */
  emaOverwriteFrequency: number | null
  /** The loss was multiplied by this; gradients are divided by it first. */
  lossScaleFactor: number | null
  /** Updates once in so many calls, with the mean gradient. */
  gradientAccumulationSteps: number | null
  name: string | null
}

/** The common options as Keras has them by default, with a rate of 0.001. */
export const commonDefaults: CommonOptions = {
  learningRate: 0.001,
  weightDecay: null,
  clipnorm: null,
  clipvalue: null,
  globalClipnorm: null,
  useEma: false,
  emaMomentum: 0.99,
  emaOverwriteFrequency: null,
  lossScaleFactor: null,
  gradientAccumulationSteps: null,
  name: null,
}

/**
 * An optimizer's options, completed and checked; those common to all here, its own ones by range.
 * @throws OptionError for an unknown, wrong or contradictory option.
 */
export function settle<T extends CommonOptions>(
  owner: string,
  defaults: T,
  options: Options<T>,
  ranges: Partial<Record<keyof T, Parameters<typeof checkNumber>[3]>>,
): T {
  const all = complete(owner, defaults, options)
  all.learningRate = checkLearningRate(owner, all.learningRate)
  checkCommon(owner, all)
  for (const key of Object.keys(ranges) as (keyof T & string)[]) checkNumber(owner, key, all[key], ranges[key])
  return all
}

/**
 * A learning rate that can be used: a schedule's `{ class_name, config }` becomes the schedule.
 * @throws OptionError for anything but a number >= 0, a schedule or a function.
 */
export function checkLearningRate(owner: string, rate: unknown): LearningRate {
  if (isSerialized(rate)) return deserializeSchedule(rate)
  if (rate instanceof Schedule) return rate
  if (typeof rate === "function") return (step: number) => checkNumber(owner, "learningRate", rate(step), { min: 0 })
  return checkNumber(owner, "learningRate", rate, { min: 0 })
}

function checkCommon(owner: string, options: CommonOptions): void {
  const optional = (key: keyof CommonOptions, rule: Parameters<typeof checkNumber>[3]) => {
    if (options[key] !== null) checkNumber(owner, key, options[key], rule)
  }
  optional("weightDecay", { min: 0 })
  optional("clipnorm", { above: 0 })
  optional("clipvalue", { above: 0 })
  optional("globalClipnorm", { above: 0 })
  optional("lossScaleFactor", { above: 0 })
  optional("gradientAccumulationSteps", { min: 2, integer: true })
  optional("emaOverwriteFrequency", { min: 1, integer: true })
  checkBoolean(owner, "useEma", options.useEma)
  checkNumber(owner, "emaMomentum", options.emaMomentum, { min: 0, max: 1 })
  const clips = (["clipnorm", "clipvalue", "globalClipnorm"] as const).filter(key => options[key] !== null)
  if (clips.length > 1) throw new OptionError(`${owner}: only one of ${clips.join(", ")} can be given`)
}
