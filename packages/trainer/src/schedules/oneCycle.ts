import { checkNumber } from "@selvedge/core"
import { complete, type Options } from "../config.ts"
import { Schedule } from "./schedule.ts"

interface Cycle {
  iterations: number
  maxRate: number
  startRate: number | null
  lastIterations: number | null
  lastRate: number | null
  maxMomentum: number
  minMomentum: number
}

const defaults: Cycle = {
  iterations: Number.NaN,
  maxRate: Number.NaN,
  startRate: null,
  lastIterations: null,
  lastRate: null,
  maxMomentum: 0.95,
  minMomentum: 0.85,
}

/** A point on the line through (fromStep, from) and (toStep, to). */
const line = (step: number, fromStep: number, toStep: number, from: number, to: number) =>
  ((to - from) * (step - fromStep)) / (toStep - fromStep) + from

function checkCycle(owner: string, options: Options<Cycle>): Cycle {
  const all = complete(owner, defaults, options)
  checkNumber(owner, "iterations", all.iterations, { min: 2, integer: true })
  checkNumber(owner, "maxRate", all.maxRate, { above: 0 })
  if (all.startRate !== null) checkNumber(owner, "startRate", all.startRate, { above: 0 })
  if (all.lastRate !== null) checkNumber(owner, "lastRate", all.lastRate, { min: 0 })
  if (all.lastIterations !== null) {
    checkNumber(owner, "lastIterations", all.lastIterations, { min: 1, max: all.iterations, integer: true })
  }
  checkNumber(owner, "minMomentum", all.minMomentum, { min: 0, max: 1 })
  checkNumber(owner, "maxMomentum", all.maxMomentum, { min: all.minMomentum, max: 1 })
  return all
}

const halfOf = ({ iterations, lastIterations }: Cycle) =>
  Math.floor((iterations - (lastIterations ?? Math.floor(iterations / 10) + 1)) / 2)

/**
 * One cycle: the rate climbs from `startRate` (`maxRate / 10`) to `maxRate` in the first half, falls back in the second,
 * and in the last `lastIterations` (a tenth, plus 1) falls to `lastRate` (`startRate / 1000`). Its `momentum` goes the
 * other way: from `maxMomentum` down to `minMomentum` and up again.
 *
 *     const cycle = new OneCycle({ iterations: epochs * steps, maxRate: 0.05 })
 *     new SGD({ learningRate: cycle, momentum: cycle.momentum })
 *
 * Smith 2018, https://arxiv.org/abs/1803.09820, in the form of Géron's chapter 11.
 * @throws OptionError for a missing or wrong option.
 */
export class OneCycle extends Schedule {
  static override readonly className: string = "OneCycle"
  protected readonly options: Cycle

  constructor(options: Options<Cycle>) {
    super()
    this.options = checkCycle("OneCycle", options)
  }

  /** The momentum that belongs to it. */
  get momentum(): OneCycleMomentum {
    return new OneCycleMomentum(this.options)
  }

  override at(step: number): number {
    const { iterations, maxRate, startRate, lastRate } = this.options
    const start = startRate ?? maxRate / 10
    const half = halfOf(this.options)
    if (step < half) return line(step, 0, half, start, maxRate)
    if (step < 2 * half) return line(step, half, 2 * half, maxRate, start)
    return line(Math.min(step, iterations), 2 * half, iterations, start, lastRate ?? start / 1000)
  }
}

/** The momentum of a `OneCycle`: high where its rate is low. Takes the same options. */
export class OneCycleMomentum extends Schedule {
  static override readonly className: string = "OneCycleMomentum"
  protected readonly options: Cycle

  constructor(options: Options<Cycle>) {
    super()
    this.options = checkCycle("OneCycleMomentum", options)
  }

  override at(step: number): number {
    const { maxMomentum, minMomentum } = this.options
    const half = halfOf(this.options)
    if (step < half) return line(step, 0, half, maxMomentum, minMomentum)
    return step < 2 * half ? line(step, half, 2 * half, minMomentum, maxMomentum) : maxMomentum
  }
}
