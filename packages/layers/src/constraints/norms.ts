import {
  add,
  checkNumber,
  clip,
  div,
  mul,
  noGrad,
  OptionError,
  relu,
  sqrt,
  square,
  sum,
  type Tensor,
} from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { Constraint, checkAxes } from "./constraint.ts"

/** Keras's `epsilon()`: keeps a norm of 0 from dividing, and moves every weight in its 7th digit. */
const EPSILON = 1e-7

/** Where a norm is taken. */
export interface AxisOptions {
  /** The axes that lead into a unit: 0 (the default) for a dense kernel, [0, 1, 2] for a convolution's. */
  readonly axis?: number | readonly number[]
}

/** Options of `MaxNorm`. */
export interface MaxNormOptions extends AxisOptions {
  /** Default 2. */
  readonly maxValue?: number
}

/**
 * Each unit's incoming weights have at most norm maxValue: w * min(|w|, maxValue) / (1e-7 + |w|).
 * [Keras](https://keras.io/api/layers/constraints/#maxnorm-class)
 */
export class MaxNorm extends Constraint {
  static override readonly className: string = "MaxNorm"
  readonly maxValue: number
  readonly axis: number | readonly number[]

  /** @throws OptionError for an unknown option or a negative norm. */
  constructor(options: MaxNormOptions = {}) {
    super(options, ["maxValue", "axis"])
    const owner = nameOfClass(new.target)
    this.maxValue = checkNumber(owner, "maxValue", options.maxValue ?? 2, { min: 0 })
    this.axis = checkAxes(owner, options.axis ?? 0)
  }

  call(weight: Tensor): Tensor {
    return rescale(weight, this.axis, norms => clip(norms, 0, this.maxValue))
  }

  override options(): Record<string, unknown> {
    return { maxValue: this.maxValue, axis: this.axis }
  }
}

/** No weight is negative: max(w, 0). [Keras](https://keras.io/api/layers/constraints/#nonneg-class) */
export class NonNeg extends Constraint {
  static override readonly className: string = "NonNeg"

  call(weight: Tensor): Tensor {
    return noGrad(() => relu(weight))
  }
}

/** Each unit's incoming weights have norm 1: w / (1e-7 + |w|). [Keras](https://keras.io/api/layers/constraints/#unitnorm-class) */
export class UnitNorm extends Constraint {
  static override readonly className: string = "UnitNorm"
  readonly axis: number | readonly number[]

  /** @throws OptionError for an unknown option. */
  constructor(options: AxisOptions = {}) {
    super(options, ["axis"])
    this.axis = checkAxes(nameOfClass(new.target), options.axis ?? 0)
  }

  call(weight: Tensor): Tensor {
    return noGrad(() => div(weight, add(normsOf(weight, this.axis), EPSILON)))
  }

  override options(): Record<string, unknown> {
    return { axis: this.axis }
  }
}

/** Options of `MinMaxNorm`. */
export interface MinMaxNormOptions extends AxisOptions {
  /** Default 0. */
  readonly minValue?: number
  /** Default 1. */
  readonly maxValue?: number
  /** How far to go towards the interval in one update: 1 (the default) is all the way. */
  readonly rate?: number
}

/**
 * Each unit's incoming weights have a norm between two bounds:
 * w * (rate * clip(|w|, minValue, maxValue) + (1 - rate) |w|) / (1e-7 + |w|).
 * [Keras](https://keras.io/api/layers/constraints/#minmaxnorm-class)
 */
export class MinMaxNorm extends Constraint {
  static override readonly className: string = "MinMaxNorm"
  readonly minValue: number
  readonly maxValue: number
  readonly rate: number
  readonly axis: number | readonly number[]

  /** @throws OptionError for an unknown option, a negative norm, or bounds in the wrong order. */
  constructor(options: MinMaxNormOptions = {}) {
    super(options, ["minValue", "maxValue", "rate", "axis"])
    const owner = nameOfClass(new.target)
    this.minValue = checkNumber(owner, "minValue", options.minValue ?? 0, { min: 0 })
    this.maxValue = checkNumber(owner, "maxValue", options.maxValue ?? 1, { min: 0 })
    this.rate = checkNumber(owner, "rate", options.rate ?? 1, { min: 0, max: 1 })
    this.axis = checkAxes(owner, options.axis ?? 0)
    if (this.minValue > this.maxValue) {
      throw new OptionError(`${owner}: minValue ${this.minValue} is greater than maxValue ${this.maxValue}`)
    }
  }

  call(weight: Tensor): Tensor {
    const { rate } = this
    return rescale(weight, this.axis, norms =>
      add(mul(clip(norms, this.minValue, this.maxValue), rate), mul(norms, 1 - rate)),
    )
  }

  override options(): Record<string, unknown> {
    return { minValue: this.minValue, maxValue: this.maxValue, rate: this.rate, axis: this.axis }
  }
}

function normsOf(weight: Tensor, axis: number | readonly number[]): Tensor {
  return sqrt(sum(square(weight), { axis, keepDims: true }))
}

function rescale(weight: Tensor, axis: number | readonly number[], desired: (norms: Tensor) => Tensor): Tensor {
  return noGrad(() => {
    const norms = normsOf(weight, axis)
    return mul(weight, div(desired(norms), add(norms, EPSILON)))
  })
}
