import { type Buffer, checkBoolean, simd, vectorizedLater } from "@selvedge/core"
import type { Options } from "../config.ts"
import { Optimizer } from "./optimizer.ts"
import { type CommonOptions, commonDefaults, settle } from "./settings.ts"
import type { SlotKind, Step } from "./slots.ts"

interface RMSpropOptions extends CommonOptions {
  rho: number
  momentum: number
  epsilon: number
  centered: boolean
}

const defaults: RMSpropOptions = { ...commonDefaults, rho: 0.9, momentum: 0, epsilon: 1e-7, centered: false }

/**
 * Gradients divided by a running root mean square.
 *
 *   v = rho v + (1 - rho) g²;  centered: a = rho a + (1 - rho) g
 *   m = momentum m + rate g / sqrt(v - a² + epsilon);  w -= m
 *
 * Tieleman & Hinton 2012 (lecture 6.5); Graves 2013 for the centered form. https://keras.io/api/optimizers/rmsprop/
 * @throws OptionError for an unknown or wrong option.
 */
export class RMSprop extends Optimizer {
  static override readonly className = "RMSprop"
  protected readonly options: RMSpropOptions

  constructor(options: Options<RMSpropOptions> = {}) {
    super()
    const unit = { min: 0, max: 1 }
    this.options = settle("RMSprop", defaults, options, { rho: unit, momentum: unit, epsilon: { min: 0 } })
    checkBoolean("RMSprop", "centered", this.options.centered)
  }

  protected override slotKinds(): SlotKind[][] {
    const kinds: SlotKind[][] = [[{ name: "velocity" }]]
    if (this.options.momentum > 0) kinds.push([{ name: "momentum" }])
    if (this.options.centered) kinds.push([{ name: "average_gradient" }])
    return kinds
  }

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], { learningRate }: Step): void {
    const { rho, momentum, epsilon, centered } = this.options
    const [v, second] = slots
    const share = 1 - rho
    const a = centered ? slots.at(-1)! : null
    if (a && momentum > 0) centeredMomentumUpdate(w, g, v!, a, second!, learningRate, share, momentum, epsilon)
    else if (a) centeredUpdate(w, g, v!, a, learningRate, share, epsilon)
    else if (momentum > 0) rmspropMomentumUpdate(w, g, v!, second!, learningRate, share, momentum, epsilon)
    else rmspropUpdate(w, g, v!, learningRate, share, epsilon)
  }
}

const rmspropUpdate = vectorizedLater(
  "rmspropUpdate",
  (w: Buffer, g: Buffer, v: Buffer, rate: number, share: number, epsilon: number) => {
    for (let i = 0; i < w.length; i++) {
      v[i]! += share * (g[i]! * g[i]! - v[i]!)
      w[i]! -= (rate * g[i]!) / Math.sqrt(v[i]! + epsilon)
    }
  },
  simd.rmspropUpdate,
)

const rmspropMomentumUpdate = vectorizedLater(
  "rmspropMomentumUpdate",
  (w: Buffer, g: Buffer, v: Buffer, m: Buffer, rate: number, share: number, momentum: number, epsilon: number) => {
    for (let i = 0; i < w.length; i++) {
      v[i]! += share * (g[i]! * g[i]! - v[i]!)
      m[i] = momentum * m[i]! + (rate * g[i]!) / Math.sqrt(v[i]! + epsilon)
      w[i]! -= m[i]!
    }
  },
  simd.rmspropMomentumUpdate,
)

const centeredUpdate = vectorizedLater(
  "centeredUpdate",
  (w: Buffer, g: Buffer, v: Buffer, a: Buffer, rate: number, share: number, epsilon: number) => {
    for (let i = 0; i < w.length; i++) {
      v[i]! += share * (g[i]! * g[i]! - v[i]!)
      a[i]! += share * (g[i]! - a[i]!)
      w[i]! -= (rate * g[i]!) / Math.sqrt(v[i]! - a[i]! * a[i]! + epsilon)
    }
  },
  simd.centeredUpdate,
)

const centeredMomentumUpdate = vectorizedLater(
  "centeredMomentumUpdate",
  (
    w: Buffer,
    g: Buffer,
    v: Buffer,
    a: Buffer,
    m: Buffer,
    rate: number,
    share: number,
    momentum: number,
    epsilon: number,
  ) => {
    for (let i = 0; i < w.length; i++) {
      v[i]! += share * (g[i]! * g[i]! - v[i]!)
      a[i]! += share * (g[i]! - a[i]!)
      m[i] = momentum * m[i]! + (rate * g[i]!) / Math.sqrt(v[i]! - a[i]! * a[i]! + epsilon)
      w[i]! -= m[i]!
    }
  },
  simd.centeredMomentumUpdate,
)
