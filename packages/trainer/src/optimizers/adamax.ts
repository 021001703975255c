import { type Buffer, simd, vectorizedLater } from "@selvedge/core"
import type { Options } from "../config.ts"
import { pow } from "../math.ts"
import { type MomentOptions, momentDefaults, momentRanges } from "./adam.ts"
import { Optimizer } from "./optimizer.ts"
import { settle } from "./settings.ts"
import type { Step } from "./slots.ts"

/**
 * Adam with the largest recent gradient in place of the root mean square.
 *
 *   m += (1 - beta1) (g - m);  u = max(beta2 u, |g|)
 *   w -= rate / (1 - beta1ᵗ) m / (u + epsilon)
 *
 * Kingma & Ba 2014, section 7, https://arxiv.org/abs/1412.6980; https://keras.io/api/optimizers/adamax/
 * @throws OptionError for an unknown or wrong option.
 */
export class Adamax extends Optimizer {
  static override readonly className = "Adamax"
  protected readonly options: MomentOptions

  constructor(options: Options<MomentOptions> = {}) {
    super()
    this.options = settleMoments("Adamax", options)
  }

  protected override slotKinds() {
    return [[{ name: "momentum" }, { name: "norm" }]]
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate, t }: Step): void {
    const { beta1, beta2, epsilon } = this.options
    adamaxUpdate(w, g, slots[0]!, slots[1]!, learningRate / (1 - pow(beta1, t)), 1 - beta1, 1 - beta2, epsilon)
  }
}

const settleMoments = (owner: string, options: Options<MomentOptions>) =>
  settle(owner, momentDefaults, options, momentRanges)

const adamaxUpdate = vectorizedLater(
  "adamaxUpdate",
  (w: Buffer, g: Buffer, m: Buffer, u: Buffer, alpha: number, share1: number, share2: number, epsilon: number) => {
    for (let i = 0; i < w.length; i++) {
      m[i]! += share1 * (g[i]! - m[i]!)
      u[i] = Math.max(u[i]! - share2 * u[i]!, Math.abs(g[i]!))
      w[i]! -= (alpha * m[i]!) / (u[i]! + epsilon)
    }
  },
  simd.adamaxUpdate,
)

/**
 * Adam with Nesterov momentum, whose decay uₜ = beta1 (1 - 0.5 * 0.96ᵗ) warms up; U is the product of all uₜ so far.
 *
 *   m += (1 - beta1) (g - m);  v += (1 - beta2) (g² - v)
 *   w -= rate (uₜ₊₁ m / (1 - U uₜ₊₁) + (1 - uₜ) g / (1 - U)) / (sqrt(v / (1 - beta2ᵗ)) + epsilon)
 *
 * Dozat 2015, https://cs229.stanford.edu/proj2015/054_report.pdf; https://keras.io/api/optimizers/nadam/
 * @throws OptionError for an unknown or wrong option.
 */
export class Nadam extends Optimizer {
  static override readonly className = "Nadam"
  protected readonly options: MomentOptions
  // Keras calls the product of the momenta just "variable".
  protected override readonly scalars = { variable: 1 }

  constructor(options: Options<MomentOptions> = {}) {
    super()
    this.options = settleMoments("Nadam", options)
  }

  protected override slotKinds() {
    return [[{ name: "momentum" }, { name: "velocity" }]]
  }

  #momentum(t: number): number {
    return this.options.beta1 * (1 - 0.5 * pow(0.96, t))
  }

  protected override beginUpdate({ t }: Step): void {
    this.scalars.variable *= this.#momentum(t)
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate, t }: Step): void {
    const { beta1, beta2, epsilon } = this.options
    const next = this.#momentum(t + 1)
    const product = this.scalars.variable
    const ofMean = (learningRate * next) / (1 - product * next)
    const ofGradient = (learningRate * (1 - this.#momentum(t))) / (1 - product)
    const unbias = 1 / (1 - pow(beta2, t))
    nadamUpdate(w, g, slots[0]!, slots[1]!, ofMean, ofGradient, unbias, 1 - beta1, 1 - beta2, epsilon)
  }
}

const nadamUpdate = vectorizedLater(
  "nadamUpdate",
  (
    w: Buffer,
    g: Buffer,
    m: Buffer,
    v: Buffer,
    ofMean: number,
    ofGradient: number,
    unbias: number,
    share1: number,
    share2: number,
    epsilon: number,
  ) => {
    for (let i = 0; i < w.length; i++) {
      m[i]! += share1 * (g[i]! - m[i]!)
      v[i]! += share2 * (g[i]! * g[i]! - v[i]!)
      w[i]! -= (ofMean * m[i]! + ofGradient * g[i]!) / (Math.sqrt(v[i]! * unbias) + epsilon)
    }
  },
  simd.nadamUpdate,
)
