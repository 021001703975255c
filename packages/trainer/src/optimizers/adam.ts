import { type Buffer, checkBoolean, simd, vectorizedLater } from "@selvedge/core"
import type { Options } from "../config.ts"
import { pow } from "../math.ts"
import { Optimizer } from "./optimizer.ts"
import { type CommonOptions, commonDefaults, settle } from "./settings.ts"
import type { Step } from "./slots.ts"

/** The constants of Adam and its relatives. */
export interface MomentOptions extends CommonOptions {
  /** How much of the mean of gradients is kept. */
  beta1: number
  /** How much of the mean of their squares is kept. */
  beta2: number
  epsilon: number
}

interface AdamOptions extends MomentOptions {
  amsgrad: boolean
}

/** Keras's constants. */
export const momentDefaults: MomentOptions = { ...commonDefaults, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 }

/** What these constants may be. */
export const momentRanges = { beta1: { min: 0, below: 1 }, beta2: { min: 0, below: 1 }, epsilon: { min: 0 } }

const defaults: AdamOptions = { ...momentDefaults, amsgrad: false }

/**
 * Running means of the gradient and of its square, with their start at zero corrected.
 *
 *   m += (1 - beta1) (g - m);  v += (1 - beta2) (g² - v)
 *   w -= rate sqrt(1 - beta2ᵗ) / (1 - beta1ᵗ) m / (sqrt(v) + epsilon)
 *
 * With `amsgrad`, the largest v so far takes the place of v. Epsilon stands beside the uncorrected root, the paper's
 * "epsilon hat", as in Keras; PyTorch's stands beside the corrected one.
 * Kingma & Ba 2014, https://arxiv.org/abs/1412.6980; Reddi et al. 2018, https://openreview.net/forum?id=ryQu7f-RZ;
 * https://keras.io/api/optimizers/adam/
 * @throws OptionError for an unknown or wrong option.
 */
export class Adam extends Optimizer {
  static override readonly className: string = "Adam"
  protected readonly options: AdamOptions

  constructor(options: Options<AdamOptions> = {}) {
    super()
    this.options = settle(this.className, this.defaults(), options, momentRanges)
    checkBoolean(this.className, "amsgrad", this.options.amsgrad)
  }

  /** What options not given are. */
  protected defaults(): AdamOptions {
    return defaults
  }

  protected override slotKinds() {
    const moments = [{ name: "momentum" }, { name: "velocity" }]
    return this.options.amsgrad ? [moments, [{ name: "velocity_hat" }]] : [moments]
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate, t }: Step): void {
    const { beta1, beta2, epsilon } = this.options
    const [m, v, largest] = slots
    const alpha = (learningRate * Math.sqrt(1 - pow(beta2, t))) / (1 - pow(beta1, t))
    // Computed here in double: in float32, 1 - beta is off by as much as 5e-5.
    const [share1, share2] = [1 - beta1, 1 - beta2]
    if (largest) amsgradUpdate(w, g, m!, v!, largest, alpha, share1, share2, epsilon)
    else adamUpdate(w, g, m!, v!, alpha, share1, share2, epsilon)
  }
}

/**
 * Adam whose weight decay (0.004 by default) does not pass through the moments.
 * Loshchilov & Hutter 2017, https://arxiv.org/abs/1711.05101; https://keras.io/api/optimizers/adamw/
 * @throws OptionError for an unknown or wrong option.
 */
export class AdamW extends Adam {
  static override readonly className = "AdamW"

  protected override defaults(): AdamOptions {
    return { ...defaults, weightDecay: 0.004 }
  }
}

const adamUpdate = vectorizedLater(
  "adamUpdate",
  (w: Buffer, g: Buffer, m: Buffer, v: Buffer, alpha: number, share1: number, share2: number, epsilon: number) => {
    for (let i = 0; i < w.length; i++) {
      m[i]! += share1 * (g[i]! - m[i]!)
      v[i]! += share2 * (g[i]! * g[i]! - v[i]!)
      w[i]! -= (alpha * m[i]!) / (Math.sqrt(v[i]!) + epsilon)
    }
  },
  simd.adamUpdate,
)

const amsgradUpdate = vectorizedLater(
  "amsgradUpdate",
  (
    w: Buffer,
    g: Buffer,
    m: Buffer,
    v: Buffer,
    h: Buffer,
    alpha: number,
    share1: number,
    share2: number,
    epsilon: number,
  ) => {
    for (let i = 0; i < w.length; i++) {
      m[i]! += share1 * (g[i]! - m[i]!)
      v[i]! += share2 * (g[i]! * g[i]! - v[i]!)
      h[i] = Math.max(h[i]!, v[i]!)
      w[i]! -= (alpha * m[i]!) / (Math.sqrt(h[i]!) + epsilon)
    }
  },
  simd.amsgradUpdate,
)
