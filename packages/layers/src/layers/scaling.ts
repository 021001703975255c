import { add, describe, mul, OptionError, ShapeError, sameShape, type Tensor, tensor } from "@selvedge/core"
import { isObjectConfig, isRecord } from "../config.ts"
import type { LayerOptions } from "../layer.ts"
import { L1L2 } from "../regularizers/index.ts"
import { Elementwise } from "./elementwise.ts"

/** A number, or one for each channel (in general: nested lists that broadcast to the input). */
export type Scale = number | Scale[]

/** Options of `Rescaling`. */
export interface RescalingOptions extends LayerOptions {
  /** Default 0. */
  readonly offset?: Scale
}

/**
 * y = scale x + offset, both the same for all or one for each channel.                                                                   [...] -> [...]
 * `new Rescaling(1 / 255)` brings bytes to 0 ... 1. [Keras](https://keras.io/api/layers/preprocessing_layers/image_preprocessing/rescaling/)
 */
export class Rescaling extends Elementwise {
  static override readonly className: string = "Rescaling"
  static override readonly positional: readonly string[] = ["scale"]
  readonly scale: Scale
  readonly offset: Scale

  /** @throws OptionError for an unknown option or anything but numbers. */
  constructor(scale: Scale, options: RescalingOptions = {}) {
    super(options, ["offset"])
    this.scale = checkScale("scale", scale)
    this.offset = checkScale("offset", options.offset ?? 0)
  }

  /** @throws ShapeError when there are more numbers than channels. */
  override call(x: Tensor): Tensor {
    const scaled = mul(x, operandOf(this.scale))
    const y = this.offset === 0 ? scaled : add(scaled, operandOf(this.offset))
    if (sameShape(y.shape, x.shape)) return y
    throw new ShapeError(`${this.name}: its numbers do not fit the input`, {
      facts: { input: x.shape, would: y.shape },
    })
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), scale: this.scale, offset: this.offset }
  }
}

/** A number, nested lists of them, or an array as Keras writes it into a config. */
function checkScale(name: string, value: unknown): Scale {
  const given = isObjectConfig(value) && value.class_name === "__numpy__" ? value.config : value
  const scale = isRecord(given) ? given.value : given
  const fine = (n: unknown): n is Scale => (Array.isArray(n) ? n.every(fine) : Number.isFinite(n))
  if (fine(scale)) return scale
  throw new OptionError(`Rescaling: ${name} must be a number or a list of them, got ${describe(scale)}`)
}

function operandOf(scale: Scale): number | Tensor {
  return typeof scale === "number" ? scale : tensor(scale)
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
