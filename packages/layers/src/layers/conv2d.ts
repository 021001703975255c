import { checkChoice, checkNumber, conv2d, describe, OptionError, type Tensor } from "@selvedge/core"
import { type DataShapes, knownSize, singleShape } from "../shapes.ts"
import { KernelLayer, type KernelOptions } from "./dense.ts"
import { checkDataFormat } from "./reshaping.ts"

const paddings = ["valid", "same"] as const

/** How windows lie on an image: `"valid"` inside it, `"same"` also over its edges, the odd pad bottom and right. */
export type Padding = (typeof paddings)[number]

/** A number for each image axis, or one for both. */
export type Pair = number | readonly [number, number]

/** Options of `Conv2D`. */
export interface Conv2DOptions extends KernelOptions {
  /** Default 1. */
  readonly strides?: Pair
  /** Default `"valid"`. */
  readonly padding?: Padding
  /** Default 1. */
  readonly dilationRate?: Pair
  /** Only 1. */
  readonly groups?: 1
  readonly dataFormat?: "channels_last" | null
}

/**
 * Two-dimensional convolution.                     [b, h, w, channels] -> [b, h', w', filters]
 *
 *   y[i, j] = activation(sum over the window of x kernel + bias),  kernel [kh, kw, channels, filters], bias [filters]
 *
 * [Keras](https://keras.io/api/layers/convolution_layers/convolution2d/)
 */
export class Conv2D extends KernelLayer {
  static override readonly className: string = "Conv2D"
  static override readonly positional: readonly string[] = ["filters", "kernelSize"]
  readonly filters: number
  readonly kernelSize: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly padding: Padding
  readonly dilationRate: readonly [number, number]
  protected override readonly inputRank = 4

  /** @throws OptionError for an unknown option, naming the nearest, or a bad value. */
  constructor(filters: number, kernelSize: Pair, options: Conv2DOptions = {}) {
    super("Conv2D", options, ["strides", "padding", "dilationRate", "groups", "dataFormat"])
    const { strides = 1, padding = "valid", dilationRate = 1, groups = 1 } = options
    this.filters = checkNumber("Conv2D", "filters", filters, { min: 1, integer: true })
    this.kernelSize = checkPair("Conv2D", "kernelSize", kernelSize)
    this.strides = checkPair("Conv2D", "strides", strides)
    this.padding = checkChoice("Conv2D", "padding", padding, paddings)
    this.dilationRate = checkPair("Conv2D", "dilationRate", dilationRate)
    checkNumber("Conv2D", "groups", groups, { min: 1, max: 1 })
    checkDataFormat("Conv2D", options.dataFormat)
  }

  /** @throws ShapeError when the number of channels is not known. */
  override build(inputShape: DataShapes): void {
    const channels = knownSize(this.name, singleShape(this.name, inputShape), 3)
    this.addWeight({ ...this.kernelRule, shape: [...this.kernelSize, channels, this.filters] })
    if (this.useBias) this.addWeight({ ...this.biasRule, shape: [this.filters] })
    super.build(inputShape)
  }

  override call(x: Tensor): Tensor {
    const { strides, padding, dilationRate: dilation } = this
    const y = conv2d(x, this.weight("kernel"), this.findWeight("bias"), { strides, padding, dilation })
    return this.activation.call(y)
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const [batch = null, height = null, width = null] = singleShape(this.name, inputShape)
    const { kernelSize, strides, dilationRate, padding } = this
    const rows = windowCount(height, kernelSize[0], strides[0], padding, dilationRate[0])
    return [batch, rows, windowCount(width, kernelSize[1], strides[1], padding, dilationRate[1]), this.filters]
  }

  override options(): Record<string, unknown> {
    const { filters, kernelSize, strides, padding, dilationRate } = this
    const own = { filters, kernelSize, strides, padding, dataFormat: "channels_last", dilationRate, groups: 1 }
    return { ...super.options(), ...own }
  }
}

/**
 * One number for both image axes, or one for each.
 * @throws OptionError unless they are integers from 1 on.
 */
export function checkPair(owner: string, name: string, value: unknown): readonly [number, number] {
  const [down, right, ...more]: unknown[] = Array.isArray(value) ? value : [value, value]
  const fine = (n: unknown): n is number => typeof n === "number" && Number.isInteger(n) && n >= 1
  if (fine(down) && fine(right) && more.length === 0) return [down, right]
  throw new OptionError(`${owner}: ${name} must be an integer >= 1 or two of them, got ${describe(value)}`)
}

/** How many windows fit on an axis. */
export function windowCount(
  n: number | null,
  size: number,
  stride: number,
  padding: Padding,
  dilation = 1,
): number | null {
  if (n === null) return null
  const reach = (size - 1) * dilation + 1
  return padding === "same" ? Math.ceil(n / stride) : Math.max(0, Math.ceil((n - reach + 1) / stride))
}
