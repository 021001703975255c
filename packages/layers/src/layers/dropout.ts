import { alphaDropout, checkNumber, dropout, mul, type Tensor } from "@selvedge/core"
import type { CallOptions } from "../layer.ts"
import { checkDims, type DataShape } from "../shapes.ts"
import { RandomLayer, type RandomLayerOptions } from "./random.ts"

/** Options of `Dropout` and `AlphaDropout`. */
export interface DropoutOptions extends RandomLayerOptions {
  /** Shape of the mask: 1 along axes that share it, null where it is as large as the input. Default all null. */
  readonly noiseShape?: DataShape | null
}

abstract class DropoutBase extends RandomLayer {
  static override readonly positional: readonly string[] = ["rate"]
  /** Share of the units that is dropped. */
  readonly rate: number
  readonly noiseShape: DataShape | null

  constructor(owner: string, rate: number, options: DropoutOptions) {
    super(options, ["noiseShape"])
    this.rate = checkNumber(owner, "rate", rate, { min: 0, max: 1 })
    const { noiseShape = null } = options
    this.noiseShape = noiseShape === null ? null : checkDims(owner, "noiseShape", noiseShape, true)
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), rate: this.rate, noiseShape: this.noiseShape }
  }
}

/**
 * In training sets a random share `rate` of the inputs to 0 and multiplies the others by 1 / (1 - rate), so that the
 * sum is kept on average; otherwise changes nothing.                                      [...] -> [...]
 * [Keras](https://keras.io/api/layers/regularization_layers/dropout/); Srivastava et al., 2014.
 */
export class Dropout extends DropoutBase {
  static override readonly className: string = "Dropout"

  /** @throws OptionError for an unknown option or a rate outside of 0 to 1. */
  constructor(rate: number, options: DropoutOptions = {}) {
    super("Dropout", rate, options)
  }

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    const { rate, noiseShape } = this
    if (!training || rate === 0) return x
    return rate === 1 ? mul(x, 0) : dropout(x, rate, this.draw(), { noiseShape })
  }
}

/**
 * Dropout that keeps mean and variance behind SELU: in training a share `rate` of the inputs is set to SELU's limit
 * -1.7581, and all are scaled and shifted so that N(0, 1) stays N(0, 1).                  [...] -> [...]
 *
 *   y = a x + b for kept inputs, a alpha' + b for others; alpha' = -1.7581
 *   a = ((1 - rate)(1 + rate alpha'^2))^-1/2,  b = -a alpha' rate
 *
 * [Keras](https://keras.io/api/layers/regularization_layers/alpha_dropout/); Klambauer et al., 2017.
 */
export class AlphaDropout extends DropoutBase {
  static override readonly className: string = "AlphaDropout"

  /** @throws OptionError for an unknown option or a rate that is not from 0 to below 1. */
  constructor(rate: number, options: DropoutOptions = {}) {
    super("AlphaDropout", checkNumber("AlphaDropout", "rate", rate, { min: 0, below: 1 }), options)
  }

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    const { rate, noiseShape } = this
    return training && rate > 0 ? alphaDropout(x, rate, this.draw(), { noiseShape }) : x
  }
}
