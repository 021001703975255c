import { checkNumber, leakyRelu, type Tensor } from "@selvedge/core"
import type { LayerOptions } from "../layer.ts"
import { Elementwise } from "./elementwise.ts"

/** Options of `LeakyReLU`. */
export interface LeakyReLUOptions extends LayerOptions {
  /** Slope below 0. Default 0.3; that of the activation `"leaky_relu"` is 0.2, as in Keras. */
  readonly negativeSlope?: number
}

/**
 * Leaky rectified linear unit: y = x where x > 0, negativeSlope x elsewhere.               [...] -> [...]
 * [Keras](https://keras.io/api/layers/activation_layers/leaky_relu/)
 */
export class LeakyReLU extends Elementwise {
  static override readonly className: string = "LeakyReLU"
  readonly negativeSlope: number

  /** @throws OptionError for an unknown option or a negative slope. */
  constructor(options: LeakyReLUOptions = {}) {
    super(options, ["negativeSlope"])
    this.negativeSlope = checkNumber("LeakyReLU", "negativeSlope", options.negativeSlope ?? 0.3, { min: 0 })
  }

  override call(x: Tensor): Tensor {
    return leakyRelu(x, { negativeSlope: this.negativeSlope })
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), negativeSlope: this.negativeSlope }
  }
}
