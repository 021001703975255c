import { type Buffer, simd, vectorizedLater } from "@selvedge/core"
import type { Options } from "../config.ts"
import { Optimizer } from "./optimizer.ts"
import { type CommonOptions, commonDefaults, settle } from "./settings.ts"
import type { Step } from "./slots.ts"

interface LionOptions extends CommonOptions {
  beta1: number
  beta2: number
}

const defaults: LionOptions = { ...commonDefaults, beta1: 0.9, beta2: 0.99 }

/**
 * The sign of a mean of gradients: every weight moves by exactly the rate.
 *
 *   w -= rate sign(beta1 m + (1 - beta1) g);  m = beta2 m + (1 - beta2) g
 *
 * Chen et al. 2023, https://arxiv.org/abs/2302.06675; https://keras.io/api/optimizers/lion/
 * @throws OptionError for an unknown or wrong option.
 */
export class Lion extends Optimizer {
  static override readonly className = "Lion"
  protected readonly options: LionOptions

  constructor(options: Options<LionOptions> = {}) {
    super()
    const ranges = { beta1: { above: 0, max: 1 }, beta2: { min: 0, below: 1 } }
    this.options = settle("Lion", defaults, options, ranges)
  }

  protected override slotKinds() {
    return [[{ name: "momentum" }]]
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate }: Step): void {
    lionUpdate(w, g, slots[0]!, learningRate, 1 - this.options.beta1, 1 - this.options.beta2)
  }
}

const lionUpdate = vectorizedLater(
  "lionUpdate",
  (w: Buffer, g: Buffer, m: Buffer, rate: number, share1: number, share2: number) => {
    for (let i = 0; i < w.length; i++) {
      w[i]! -= rate * Math.sign(m[i]! + share1 * (g[i]! - m[i]!))
      m[i]! += share2 * (g[i]! - m[i]!)
    }
  },
  simd.lionUpdate,
)
