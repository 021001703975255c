import { type Buffer, checkBoolean, checkNumber, simd, vectorizedLater } from "@selvedge/core"
import { isSerialized, type Options } from "../config.ts"
import { deserializeSchedule, Schedule } from "../schedules/index.ts"
import { Optimizer } from "./optimizer.ts"
import { type CommonOptions, commonDefaults, settle } from "./settings.ts"
import type { OptimizerState, Step } from "./slots.ts"

interface SGDOptions extends CommonOptions {
  /** 0 is plain gradient descent; a schedule changes it step by step, as `OneCycle` does. */
  momentum: number | Schedule
  nesterov: boolean
}

const defaults: SGDOptions = { ...commonDefaults, learningRate: 0.01, momentum: 0, nesterov: false }

/**
 * Stochastic gradient descent.
 *
 *   without momentum: w -= rate g
 *   with momentum:    m = momentum m - rate g;  w += m
 *   Nesterov:         m = momentum m - rate g;  w += momentum m - rate g
 *
 * Polyak 1964; Nesterov 1983; Sutskever et al. 2013. https://keras.io/api/optimizers/sgd/
 * @throws OptionError for an unknown or wrong option.
 */
export class SGD extends Optimizer {
  static override readonly className = "SGD"
  protected readonly options: SGDOptions
  constructor(options: Options<SGDOptions> = {}) {
    super()
    this.options = settle("SGD", defaults, options, {})
    this.options.momentum = checkMomentum(this.options.momentum)
    checkBoolean("SGD", "nesterov", this.options.nesterov)
  }

  /** The momentum of the coming step; settable. */
  get momentum(): number {
    const { momentum } = this.options
    return typeof momentum === "number" ? momentum : momentum.at(this.iterations)
  }
  set momentum(momentum: number | Schedule) {
    this.options.momentum = checkMomentum(momentum)
  }

  override getState(): OptimizerState {
    const { momentum } = this.options
    return { ...super.getState(), settings: typeof momentum === "number" ? { momentum } : {} }
  }

  override setState(state: OptimizerState): void {
    super.setState(state)
    const { momentum } = state.settings
    if (momentum !== undefined) this.momentum = momentum
  }

  protected override slotKinds() {
    return this.options.momentum === 0 ? [] : [[{ name: "momentum" }]]
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate }: Step): void {
    const m = slots[0]
    if (m === undefined) sgdUpdate(w, g, learningRate)
    else if (this.options.nesterov) nesterovUpdate(w, g, m, learningRate, this.momentum)
    else momentumUpdate(w, g, m, learningRate, this.momentum)
  }
}

function checkMomentum(momentum: unknown): number | Schedule {
  if (momentum instanceof Schedule) return momentum
  if (isSerialized(momentum)) return deserializeSchedule(momentum)
  return checkNumber("SGD", "momentum", momentum, { min: 0, max: 1 })
}

/** w -= rate g */
export const sgdUpdate = vectorizedLater(
  "sgdUpdate",
  (w: Buffer, g: Buffer, rate: number) => {
    for (let i = 0; i < w.length; i++) w[i]! -= rate * g[i]!
  },
  simd.sgdUpdate,
)

const momentumUpdate = vectorizedLater(
  "momentumUpdate",
  (w: Buffer, g: Buffer, m: Buffer, rate: number, momentum: number) => {
    for (let i = 0; i < w.length; i++) {
      m[i] = momentum * m[i]! - rate * g[i]!
      w[i]! += m[i]!
    }
  },
  simd.momentumUpdate,
)

const nesterovUpdate = vectorizedLater(
  "nesterovUpdate",
  (w: Buffer, g: Buffer, m: Buffer, rate: number, momentum: number) => {
    for (let i = 0; i < w.length; i++) {
      m[i] = momentum * m[i]! - rate * g[i]!
      w[i]! += momentum * m[i]! - rate * g[i]!
    }
  },
  simd.nesterovUpdate,
)
