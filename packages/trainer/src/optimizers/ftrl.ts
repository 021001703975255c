import { type Buffer, simd, vectorizedLater } from "@selvedge/core"
import type { Options } from "../config.ts"
import { pow } from "../math.ts"
import { Optimizer } from "./optimizer.ts"
import { type CommonOptions, commonDefaults, settle } from "./settings.ts"
import type { Step } from "./slots.ts"

interface FtrlOptions extends CommonOptions {
  /** How the rate falls with the accumulated squares: 0 keeps it fixed. */
  learningRatePower: number
  initialAccumulatorValue: number
  l1RegularizationStrength: number
  l2RegularizationStrength: number
  l2ShrinkageRegularizationStrength: number
  beta: number
}

const defaults: FtrlOptions = {
  ...commonDefaults,
  learningRatePower: -0.5,
  initialAccumulatorValue: 0.1,
  l1RegularizationStrength: 0,
  l2RegularizationStrength: 0,
  l2ShrinkageRegularizationStrength: 0,
  beta: 0,
}

/**
 * Follow the regularized leader: a step replaces the weight by the best one for all gradients so far.
 *
 *   n' = n + g²;  s = (n'^-power - n^-power) / rate;  z += g + 2 shrinkage w - s w
 *   w = (clip(z, -l1, l1) - z) / (n'^-power / rate + 2 (l2 + beta / (2 rate)))
 *
 * McMahan et al. 2013, https://research.google.com/pubs/archive/41159.pdf; https://keras.io/api/optimizers/ftrl/
 * @throws OptionError for an unknown or wrong option.
 */
export class Ftrl extends Optimizer {
  static override readonly className = "Ftrl"
  protected readonly options: FtrlOptions

  constructor(options: Options<FtrlOptions> = {}) {
    super()
    const positive = { min: 0 }
    this.options = settle("Ftrl", defaults, options, {
      learningRatePower: { max: 0 },
      initialAccumulatorValue: positive,
      l1RegularizationStrength: positive,
      l2RegularizationStrength: positive,
      l2ShrinkageRegularizationStrength: positive,
      beta: positive,
    })
  }

  protected override slotKinds() {
    return [[{ name: "accumulator", initial: this.options.initialAccumulatorValue }, { name: "linear" }]]
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate }: Step): void {
    // The formula divides by the rate; Keras has NaN here.
    if (learningRate === 0) return
    const { l1RegularizationStrength: l1, l2RegularizationStrength, beta, learningRatePower } = this.options
    const l2 = l2RegularizationStrength + beta / (2 * learningRate)
    const shrinkage = this.options.l2ShrinkageRegularizationStrength
    ftrlUpdate(w, g, slots[0]!, slots[1]!, learningRate, -learningRatePower, l1, l2, shrinkage)
  }
}

const ftrlUpdate = vectorizedLater(
  "ftrlUpdate",
  (
    w: Buffer,
    g: Buffer,
    n: Buffer,
    z: Buffer,
    rate: number,
    power: number,
    l1: number,
    l2: number,
    shrinkage: number,
  ) => {
    const raise = power === 0.5 ? Math.sqrt : (x: number) => pow(x, power)
    for (let i = 0; i < w.length; i++) {
      const next = n[i]! + g[i]! * g[i]!
      const high = raise(next)
      const sum = z[i]! + g[i]! + 2 * shrinkage * w[i]! - ((high - raise(n[i]!)) / rate) * w[i]!
      w[i] = (Math.max(-l1, Math.min(l1, sum)) - sum) / (high / rate + 2 * l2)
      z[i] = sum
      n[i] = next
    }
  },
  simd.ftrlUpdate,
)
