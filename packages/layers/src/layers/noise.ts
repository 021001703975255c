import { add, alloc, checkNumber, mul, type Stream, type Tensor, wrap } from "@selvedge/core"
import type { CallOptions } from "../layer.ts"
import { RandomLayer, type RandomLayerOptions } from "./random.ts"

/**
 * In training adds normal noise: y = x + stddev N(0, 1).                                  [...] -> [...]
 * [Keras](https://keras.io/api/layers/regularization_layers/gaussian_noise/)
 */
export class GaussianNoise extends RandomLayer {
  static override readonly className: string = "GaussianNoise"
  static override readonly positional: readonly string[] = ["stddev"]
  readonly stddev: number

  /** @throws OptionError for an unknown option or a stddev outside of 0 to 1, Keras's range. */
  constructor(stddev: number, options: RandomLayerOptions = {}) {
    super(options, [])
    this.stddev = checkNumber("GaussianNoise", "stddev", stddev, { min: 0, max: 1 })
  }

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    if (!training || this.stddev === 0) return x
    return add(x, mul(normalLike(x, this.draw()), this.stddev))
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), stddev: this.stddev }
  }
}

/**
 * In training multiplies by normal noise: y = x (1 + sqrt(rate / (1 - rate)) N(0, 1)).    [...] -> [...]
 * [Keras](https://keras.io/api/layers/regularization_layers/gaussian_dropout/); Srivastava et al., 2014.
 */
export class GaussianDropout extends RandomLayer {
  static override readonly className: string = "GaussianDropout"
  static override readonly positional: readonly string[] = ["rate"]
  readonly rate: number

  /** @throws OptionError for an unknown option or a rate that is not from 0 to below 1. */
  constructor(rate: number, options: RandomLayerOptions = {}) {
    super(options, [])
    this.rate = checkNumber("GaussianDropout", "rate", rate, { min: 0, below: 1 })
  }

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    if (!training || this.rate === 0) return x
    const stddev = Math.sqrt(this.rate / (1 - this.rate))
    return mul(x, add(mul(normalLike(x, this.draw()), stddev), 1))
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), rate: this.rate }
  }
}

/** Standard normal numbers of the shape of x. */
function normalLike(x: Tensor, from: Stream): Tensor {
  return wrap(from.normal(alloc(x.size)), x.shape)
}
