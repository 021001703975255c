import { type Buffer, simd, vectorizedLater } from "@selvedge/core"
import type { Options } from "../config.ts"
import { Optimizer } from "./optimizer.ts"
import { type CommonOptions, commonDefaults, settle } from "./settings.ts"
import type { Step } from "./slots.ts"

interface AdagradOptions extends CommonOptions {
  initialAccumulatorValue: number
  epsilon: number
}

const adagradDefaults: AdagradOptions = { ...commonDefaults, initialAccumulatorValue: 0.1, epsilon: 1e-7 }

/**
 * Gradients divided by the root of the sum of all their squares so far.
 *
 *   a += g²;  w -= rate g / sqrt(a + epsilon)
 *
 * Duchi et al. 2011, https://jmlr.org/papers/v12/duchi11a.html; https://keras.io/api/optimizers/adagrad/
 * @throws OptionError for an unknown or wrong option.
 */
export class Adagrad extends Optimizer {
  static override readonly className = "Adagrad"
  protected readonly options: AdagradOptions

  constructor(options: Options<AdagradOptions> = {}) {
    super()
    const ranges = { initialAccumulatorValue: { min: 0 }, epsilon: { min: 0 } }
    this.options = settle("Adagrad", adagradDefaults, options, ranges)
  }

  protected override slotKinds() {
    return [[{ name: "accumulator", initial: this.options.initialAccumulatorValue }]]
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate }: Step): void {
    adagradUpdate(w, g, slots[0]!, learningRate, this.options.epsilon)
  }
}

const adagradUpdate = vectorizedLater(
  "adagradUpdate",
  (w: Buffer, g: Buffer, a: Buffer, rate: number, epsilon: number) => {
    for (let i = 0; i < w.length; i++) {
      a[i]! += g[i]! * g[i]!
      w[i]! -= (rate * g[i]!) / Math.sqrt(a[i]! + epsilon)
    }
  },
  simd.adagradUpdate,
)

interface AdadeltaOptions extends CommonOptions {
  rho: number
  epsilon: number
}

const adadeltaDefaults: AdadeltaOptions = { ...commonDefaults, rho: 0.95, epsilon: 1e-7 }

/**
 * Steps in the units of the weight: the gradient times the ratio of two running root mean squares.
 *
 *   a = rho a + (1 - rho) g²;  d = -g sqrt(u + epsilon) / sqrt(a + epsilon)
 *   u = rho u + (1 - rho) d²;  w += rate d
 *
 * Zeiler 2012, https://arxiv.org/abs/1212.5701 (where the rate is 1); https://keras.io/api/optimizers/adadelta/
 * @throws OptionError for an unknown or wrong option.
 */
export class Adadelta extends Optimizer {
  static override readonly className = "Adadelta"
  protected readonly options: AdadeltaOptions

  constructor(options: Options<AdadeltaOptions> = {}) {
    super()
    this.options = settle("Adadelta", adadeltaDefaults, options, { rho: { min: 0, max: 1 }, epsilon: { min: 0 } })
  }

  protected override slotKinds() {
    return [[{ name: "accumulated_grad" }, { name: "accumulated_delta_var" }]]
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate }: Step): void {
    adadeltaUpdate(w, g, slots[0]!, slots[1]!, learningRate, 1 - this.options.rho, this.options.epsilon)
  }
}

const adadeltaUpdate = vectorizedLater(
  "adadeltaUpdate",
  (w: Buffer, g: Buffer, a: Buffer, u: Buffer, rate: number, share: number, epsilon: number) => {
    for (let i = 0; i < w.length; i++) {
      a[i]! += share * (g[i]! * g[i]! - a[i]!)
      const d = (-g[i]! * Math.sqrt(u[i]! + epsilon)) / Math.sqrt(a[i]! + epsilon)
      u[i]! += share * (d * d - u[i]!)
      w[i]! += rate * d
    }
  },
  simd.adadeltaUpdate,
)
