import { exp, logSumExp, softmax, sub, type Tensor } from "@selvedge/core"
import { checkAxes } from "../constraints/constraint.ts"
import type { LayerOptions } from "../layer.ts"
import { Elementwise } from "./elementwise.ts"

/** Options of `Softmax`. */
export interface SoftmaxOptions extends LayerOptions {
  /** An axis, or several that share one sum. Default the last. */
  readonly axis?: number | readonly number[]
}

/**
 * Softmax along an axis or over several: y = exp(x) / sum exp(x).                                         [...] -> [...]
 * [Keras](https://keras.io/api/layers/activation_layers/softmax/)
 */
export class Softmax extends Elementwise {
  static override readonly className: string = "Softmax"
  readonly axis: number | readonly number[]

  /** @throws OptionError for an unknown option or an axis that is not an integer. */
  constructor(options: SoftmaxOptions = {}) {
    super(options, ["axis"])
    this.axis = checkAxes("Softmax", options.axis ?? -1)
  }

  override call(x: Tensor): Tensor {
    const [axis = -1, ...more] = [this.axis].flat()
    return more.length === 0
      ? softmax(x, { axis })
      : exp(sub(x, logSumExp(x, { axis: [axis, ...more], keepDims: true })))
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), axis: this.axis }
  }
}
