import { checkNumber, elu, selu, type Tensor } from "@selvedge/core"
import type { LayerOptions } from "../layer.ts"
import { Elementwise } from "./elementwise.ts"

/** Options of `ELU`. */
export interface ELUOptions extends LayerOptions {
  /** Default 1. */
  readonly alpha?: number
}

/**
 * Exponential linear unit: y = x where x > 0, alpha (exp(x) - 1) elsewhere.               [...] -> [...]
 * [Keras](https://keras.io/api/layers/activation_layers/elu/); Clevert et al., 2015.
 */
export class ELU extends Elementwise {
  static override readonly className: string = "ELU"
  readonly alpha: number

  /** @throws OptionError for an unknown option or an alpha that is not a number. */
  constructor(options: ELUOptions = {}) {
    super(options, ["alpha"])
    this.alpha = checkNumber("ELU", "alpha", options.alpha ?? 1)
  }

  override call(x: Tensor): Tensor {
    return elu(x, { alpha: this.alpha })
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), alpha: this.alpha }
  }
}

/**
 * Scaled exponential linear unit: y = 1.0507 x where x > 0, 1.7581 (exp(x) - 1) elsewhere. Behind it, layers with
 * LeCun normal kernels keep mean 0 and variance 1.                                        [...] -> [...]
 * In Keras it is an activation only, so a config names it `Activation("selu")`. Klambauer et al., 2017.
 */
export class SELU extends Elementwise {
  static override readonly className: string = "SELU"

  override call(x: Tensor): Tensor {
    return selu(x)
  }
}
