import { checkBoolean, checkNumber, OptionError } from "@selvedge/core"
import { complete, type Options } from "../config.ts"
import { pow } from "../math.ts"
import { Schedule } from "./schedule.ts"

interface Decay {
  initialLearningRate: number
  decaySteps: number
  decayRate: number
  staircase: boolean
}

const noDecay: Decay = {
  initialLearningRate: Number.NaN,
  decaySteps: Number.NaN,
  decayRate: Number.NaN,
  staircase: false,
}

function checkDecay(owner: string, options: Options<Decay>): Decay {
  const all = complete(owner, noDecay, options)
  checkNumber(owner, "initialLearningRate", all.initialLearningRate)
  checkNumber(owner, "decaySteps", all.decaySteps, { above: 0 })
  checkNumber(owner, "decayRate", all.decayRate)
  checkBoolean(owner, "staircase", all.staircase)
  return all
}

const progress = ({ decaySteps, staircase }: Decay, step: number) =>
  staircase ? Math.floor(step / decaySteps) : step / decaySteps

/**
 * `initialLearningRate * decayRate ^ (step / decaySteps)`, the exponent rounded down when `staircase`.
 * https://keras.io/api/optimizers/learning_rate_schedules/exponential_decay/
 * @throws OptionError for a missing or wrong option.
 */
export class ExponentialDecay extends Schedule {
  static override readonly className = "ExponentialDecay"
  protected readonly options: Decay

  constructor(options: Options<Decay>) {
    super()
    this.options = checkDecay("ExponentialDecay", options)
  }

  override at(step: number): number {
    return this.options.initialLearningRate * pow(this.options.decayRate, progress(this.options, step))
  }
}

/**
 * `initialLearningRate / (1 + decayRate * step / decaySteps)`: power scheduling with the power 1.
 * https://keras.io/api/optimizers/learning_rate_schedules/inverse_time_decay/
 * @throws OptionError for a missing or wrong option.
 */
export class InverseTimeDecay extends Schedule {
  static override readonly className = "InverseTimeDecay"
  protected readonly options: Decay

  constructor(options: Options<Decay>) {
    super()
    this.options = checkDecay("InverseTimeDecay", options)
  }

  override at(step: number): number {
    return this.options.initialLearningRate / (1 + this.options.decayRate * progress(this.options, step))
  }
}

interface Piecewise {
  boundaries: readonly number[]
  values: readonly number[]
}

/**
 * `values[i]` up to and including the step `boundaries[i]`, the last value after the last boundary.
 * https://keras.io/api/optimizers/learning_rate_schedules/piecewise_constant_decay/
 * @throws OptionError unless there is one value more than boundaries and the boundaries ascend.
 */
export class PiecewiseConstantDecay extends Schedule {
  static override readonly className = "PiecewiseConstantDecay"
  protected readonly options: Piecewise

  constructor(options: Options<Piecewise>) {
    super()
    const all = complete<Piecewise>("PiecewiseConstantDecay", { boundaries: [], values: [] }, options)
    checkPieces("PiecewiseConstantDecay", all)
    this.options = all
  }

  override at(step: number): number {
    const { boundaries, values } = this.options
    const piece = boundaries.findIndex(boundary => step <= boundary)
    return values[piece < 0 ? boundaries.length : piece]!
  }
}

/** @throws OptionError unless there is one value more than boundaries and the boundaries ascend. */
export function checkPieces(owner: string, { boundaries, values }: Piecewise): void {
  if (!Array.isArray(boundaries) || !Array.isArray(values) || values.length !== boundaries.length + 1) {
    throw new OptionError(`${owner}: there must be one value more than boundaries`, {
      facts: { boundaries: boundaries?.length ?? "none", values: values?.length ?? "none" },
    })
  }
  for (const value of values) checkNumber(owner, "a value", value)
  boundaries.forEach((boundary, i) => {
    checkNumber(owner, "a boundary", boundary, i > 0 ? { above: boundaries[i - 1]! } : {})
  })
}

interface Polynomial {
  initialLearningRate: number
  decaySteps: number
  endLearningRate: number
  power: number
  cycle: boolean
}

/**
 * `(initialLearningRate - endLearningRate) * (1 - step / decaySteps) ^ power + endLearningRate`, constant after
 * `decaySteps`; with `cycle`, `decaySteps` is multiplied so that the step stays below it and the rate rises again.
 * https://keras.io/api/optimizers/learning_rate_schedules/polynomial_decay/
 * @throws OptionError for a missing or wrong option.
 */
export class PolynomialDecay extends Schedule {
  static override readonly className = "PolynomialDecay"
  protected readonly options: Polynomial

  constructor(options: Options<Polynomial>) {
    super()
    const defaults = {
      initialLearningRate: Number.NaN,
      decaySteps: Number.NaN,
      endLearningRate: 1e-4,
      power: 1,
      cycle: false,
    }
    const all = complete<Polynomial>("PolynomialDecay", defaults, options)
    checkNumber("PolynomialDecay", "initialLearningRate", all.initialLearningRate)
    checkNumber("PolynomialDecay", "decaySteps", all.decaySteps, { above: 0 })
    checkNumber("PolynomialDecay", "endLearningRate", all.endLearningRate)
    checkNumber("PolynomialDecay", "power", all.power)
    checkBoolean("PolynomialDecay", "cycle", all.cycle)
    this.options = all
  }

  override at(step: number): number {
    const { initialLearningRate, decaySteps, endLearningRate, power, cycle } = this.options
    const steps = cycle ? decaySteps * Math.max(1, Math.ceil(step / decaySteps)) : decaySteps
    const left = 1 - Math.min(step, steps) / steps
    return (initialLearningRate - endLearningRate) * pow(left, power) + endLearningRate
  }
}
