import { checkNumber, relu, type Tensor } from "@selvedge/core"
import type { LayerOptions } from "../layer.ts"
import { Elementwise } from "./elementwise.ts"

/** Options of `ReLU`. */
export interface ReLUOptions extends LayerOptions {
  /** The largest value. Default none. */
  readonly maxValue?: number | null
  /** Slope below the threshold. Default 0. */
  readonly negativeSlope?: number
  /** Default 0. */
  readonly threshold?: number
}

/**
 * Rectified linear unit.                                                           [...] -> [...]
 *
 *   y = maxValue where x >= maxValue; x where threshold <= x; negativeSlope (x - threshold) elsewhere
 *
 * The derivative at the threshold is negativeSlope, as in TensorFlow. [Keras](https://keras.io/api/layers/activation_layers/relu/)
 */
export class ReLU extends Elementwise {
  static override readonly className: string = "ReLU"
  readonly maxValue: number | null
  readonly negativeSlope: number
  readonly threshold: number

  /** @throws OptionError for an unknown option or a negative number. */
  constructor(options: ReLUOptions = {}) {
    super(options, ["maxValue", "negativeSlope", "threshold"])
    const { maxValue = null, negativeSlope = 0, threshold = 0 } = options
    this.maxValue = maxValue === null ? null : checkNumber("ReLU", "maxValue", maxValue, { min: 0 })
    this.negativeSlope = checkNumber("ReLU", "negativeSlope", negativeSlope, { min: 0 })
    this.threshold = checkNumber("ReLU", "threshold", threshold, { min: 0 })
  }

  override call(x: Tensor): Tensor {
    const { maxValue, negativeSlope, threshold } = this
    return relu(x, { maxValue, negativeSlope, threshold })
  }

  override options(): Record<string, unknown> {
    const { maxValue, negativeSlope, threshold } = this
    return { ...super.options(), maxValue, negativeSlope, threshold }
  }
}
