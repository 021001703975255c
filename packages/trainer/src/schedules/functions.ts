import { checkNumber } from "@selvedge/core"
import { pow } from "../math.ts"
import { checkPieces } from "./decay.ts"

/**
 * Power scheduling, `initial / (1 + t / steps) ^ power`, of a step or of an epoch: give it to an optimizer as its rate,
 * or to `LearningRateScheduler`.
 * @throws OptionError unless `steps` is positive.
 */
export function powerScheduling(initial: number, steps: number, power = 1): (t: number) => number {
  checkNumber("powerScheduling", "initial", initial)
  checkNumber("powerScheduling", "steps", steps, { above: 0 })
  checkNumber("powerScheduling", "power", power)
  return t => initial / pow(1 + t / steps, power)
}

/**
 * Exponential scheduling, `initial * 0.1 ^ (t / steps)`: a tenth every `steps` steps or epochs.
 * @throws OptionError unless `steps` is positive.
 */
export function exponentialScheduling(initial: number, steps: number): (t: number) => number {
  checkNumber("exponentialScheduling", "initial", initial)
  checkNumber("exponentialScheduling", "steps", steps, { above: 0 })
  return t => initial * pow(0.1, t / steps)
}

/**
 * Piecewise constant scheduling: `values[i]` while `t < boundaries[i]`. (`PiecewiseConstantDecay` changes one later.)
 * @throws OptionError unless there is one value more than boundaries and the boundaries ascend.
 */
export function piecewiseScheduling(boundaries: readonly number[], values: readonly number[]): (t: number) => number {
  checkPieces("piecewiseScheduling", { boundaries, values })
  return t => {
    const piece = boundaries.findIndex(boundary => t < boundary)
    return values[piece < 0 ? boundaries.length : piece]!
  }
}
