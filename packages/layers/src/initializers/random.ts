import {
  type Buffer,
  checkNumber,
  fillTruncatedNormal,
  fillUniform,
  OptionError,
  type Shape,
  type Stream,
} from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { Initializer, type SeedOptions } from "./initializer.ts"

/** Options of `RandomNormal` and `TruncatedNormal`. */
export interface NormalOptions extends SeedOptions {
  /** Default 0. */
  readonly mean?: number
  /** Of the normal distribution, before any truncation. Default 0.05. */
  readonly stddev?: number
}

abstract class NormalInitializer extends Initializer {
  readonly mean: number
  readonly stddev: number

  constructor(options: NormalOptions) {
    super(options, ["mean", "stddev", "seed"])
    const owner = nameOfClass(new.target)
    this.mean = checkNumber(owner, "mean", options.mean ?? 0)
    this.stddev = checkNumber(owner, "stddev", options.stddev ?? 0.05, { min: 0 })
  }

  override options(): Record<string, unknown> {
    return { mean: this.mean, stddev: this.stddev, seed: this.seed }
  }
}

/** Normal: mean + stddev * N(0, 1). [Keras](https://keras.io/api/layers/initializers/#randomnormal-class) */
export class RandomNormal extends NormalInitializer {
  static override readonly className: string = "RandomNormal"

  /** @throws OptionError for an unknown option or a negative stddev. */
  constructor(options: NormalOptions = {}) {
    super(options)
  }

  fill(out: Buffer, _shape: Shape, from: Stream): void {
    scale(from.normal(out), this.stddev, this.mean)
  }
}

/**
 * Normal, cut off beyond two standard deviations. Its own standard deviation is 0.8796 `stddev`, as in Keras: only
 * `VarianceScaling` corrects for the cut. [Keras](https://keras.io/api/layers/initializers/#truncatednormal-class)
 */
export class TruncatedNormal extends NormalInitializer {
  static override readonly className: string = "TruncatedNormal"

  /** @throws OptionError for an unknown option or a negative stddev. */
  constructor(options: NormalOptions = {}) {
    super(options)
  }

  fill(out: Buffer, _shape: Shape, from: Stream): void {
    fillTruncatedNormal(out, from, this.stddev, this.mean)
  }
}

/** Options of `RandomUniform`. */
export interface UniformOptions extends SeedOptions {
  /** Lower bound, included. Default -0.05. */
  readonly minval?: number
  /** Upper bound. Default 0.05. */
  readonly maxval?: number
}

/** Uniform in [minval, maxval). [Keras](https://keras.io/api/layers/initializers/#randomuniform-class) */
export class RandomUniform extends Initializer {
  static override readonly className: string = "RandomUniform"
  readonly minval: number
  readonly maxval: number

  /** @throws OptionError for an unknown option, or bounds in the wrong order. */
  constructor(options: UniformOptions = {}) {
    super(options, ["minval", "maxval", "seed"])
    const owner = nameOfClass(new.target)
    this.minval = checkNumber(owner, "minval", options.minval ?? -0.05)
    this.maxval = checkNumber(owner, "maxval", options.maxval ?? 0.05)
    if (this.minval > this.maxval) {
      throw new OptionError(`${owner}: minval ${this.minval} is greater than maxval ${this.maxval}`)
    }
  }

  fill(out: Buffer, _shape: Shape, from: Stream): void {
    fillUniform(out, from, this.maxval - this.minval, this.minval)
  }

  override options(): Record<string, unknown> {
    return { minval: this.minval, maxval: this.maxval, seed: this.seed }
  }
}

/** x = factor x + offset, in place. */
export function scale(x: Buffer, factor: number, offset: number): void {
  for (let i = 0; i < x.length; i++) x[i] = factor * (x[i] ?? 0) + offset
}
