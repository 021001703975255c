import { add, checkNumber, mul, type Tensor } from "@selvedge/core"
import type { LayerOptions } from "../layer.ts"
import { L1L2 } from "../regularizers/index.ts"
import { Elementwise } from "./elementwise.ts"

/** Options of `Rescaling`. */
export interface RescalingOptions extends LayerOptions {
  /** Default 0. */
  readonly offset?: number
}

/**
 * y = scale x + offset.                                                                   [...] -> [...]
 * `new Rescaling(1 / 255)` brings bytes to 0 ... 1. [Keras](https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/)
 */
export class Rescaling extends Elementwise {
  static override readonly className: string = "Rescaling"
  static override readonly positional: readonly string[] = ["scale"]
  readonly scale: number
  readonly offset: number

  /** @throws OptionError for an unknown option or anything but numbers. */
  constructor(scale: number, options: RescalingOptions = {}) {
    super(options, ["offset"])
    this.scale = checkNumber("Rescaling", "scale", scale)
    this.offset = checkNumber("Rescaling", "offset", options.offset ?? 0)
  }

  override call(x: Tensor): Tensor {
    const scaled = mul(x, this.scale)
    return this.offset === 0 ? scaled : add(scaled, this.offset)
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), scale: this.scale, offset: this.offset }
  }
}

/** Options of `ActivityRegularization`. */
export interface ActivityRegularizationOptions extends Omit<LayerOptions, "activityRegularizer"> {
  /** Default 0. */
  readonly l1?: number
  /** Default 0. */
  readonly l2?: number
}

/**
 * Changes nothing, and adds (l1 sum |x| + l2 sum x²) / batch to the loss.                 [...] -> [...]
 * [Keras](https://keras.io/api/layers/regularization_layers/activity_regularization/)
 */
export class ActivityRegularization extends Elementwise {
  static override readonly className: string = "ActivityRegularization"
  readonly l1: number
  readonly l2: number

  /** @throws OptionError for an unknown option or a negative factor. */
  constructor(options: ActivityRegularizationOptions = {}) {
    const { l1 = 0, l2 = 0, ...base } = options
    super({ ...base, activityRegularizer: new L1L2({ l1, l2 }) })
    this.l1 = l1
    this.l2 = l2
  }

  override call(x: Tensor): Tensor {
    return x
  }

  override options(): Record<string, unknown> {
    const { activityRegularizer, ...base } = super.options()
    return { ...base, l1: this.l1, l2: this.l2 }
  }
}
