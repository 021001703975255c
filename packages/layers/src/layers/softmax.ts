import { checkNumber, softmax, type Tensor } from "@selvedge/core"
import type { LayerOptions } from "../layer.ts"
import { Elementwise } from "./elementwise.ts"

/** Options of `Softmax`. */
export interface SoftmaxOptions extends LayerOptions {
  /** Default the last. */
  readonly axis?: number
}

/**
 * Softmax along an axis: y = exp(x) / sum exp(x).                                         [...] -> [...]
 * [Keras](https://keras.io/api/layers/activation_layers/softmax/)
 */
export class Softmax extends Elementwise {
  static override readonly className: string = "Softmax"
  readonly axis: number

  /** @throws OptionError for an unknown option or an axis that is not an integer. */
  constructor(options: SoftmaxOptions = {}) {
    super(options, ["axis"])
    this.axis = checkNumber("Softmax", "axis", options.axis ?? -1, { integer: true })
  }

  override call(x: Tensor): Tensor {
    return softmax(x, { axis: this.axis })
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), axis: this.axis }
  }
}
