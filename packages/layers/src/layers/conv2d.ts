import {
  checkChoice,
  checkNumber,
  concat,
  conv2d,
  describe,
  OptionError,
  ShapeError,
  split,
  type Tensor,
} from "@selvedge/core"
import { type DataShapes, knownSize, singleShape } from "../shapes.ts"
import {
  checkDataFormat,
  type DataFormat,
  type DataFormatOptions,
  fromChannelsLast,
  shapeFromLast,
  shapeToLast,
  toChannelsLast,
} from "./dataFormat.ts"
import { KernelLayer, type KernelOptions } from "./dense.ts"

const paddings = ["valid", "same"] as const

/** How windows lie on an image: `"valid"` inside it, `"same"` also over its edges, the odd pad bottom and right. */
export type Padding = (typeof paddings)[number]

/** A number for each image axis, or one for both. */
export type Pair = number | readonly [number, number]

/** Options of `Conv2D`. */
export interface Conv2DOptions extends KernelOptions, DataFormatOptions {
  /** Default 1. */
  readonly strides?: Pair
  /** Default `"valid"`. */
  readonly padding?: Padding
  /** Default 1. */
  readonly dilationRate?: Pair
  /** How many parts of the channels are convolved apart, each by its own part of the filters. Default 1. */
  readonly groups?: number
}

/**
 * Two-dimensional convolution.                     [b, h, w, channels] -> [b, h', w', filters]
 *
 *   y[i, j] = activation(sum over the window of x kernel + bias),  kernel [kh, kw, channels / groups, filters], bias [filters]
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
  readonly groups: number
  readonly dataFormat: DataFormat
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
    this.groups = checkNumber("Conv2D", "groups", groups, { min: 1, integer: true })
    if (this.filters % this.groups !== 0) {
      throw new OptionError(`Conv2D: ${this.filters} filters do not divide into ${this.groups} groups`)
    }
    this.dataFormat = checkDataFormat("Conv2D", options.dataFormat)
  }

  /** @throws ShapeError when the number of channels is not known or does not divide into the groups. */
  override build(inputShape: DataShapes): void {
    const { groups, kernelSize, filters } = this
    const shape = singleShape(this.name, inputShape)
    const channels = knownSize(this.name, shape, this.dataFormat === "channels_last" ? 3 : 1)
    if (channels % groups !== 0) {
      throw new ShapeError(`${this.name}: ${channels} channels do not divide into ${groups} groups`, {
        facts: { input: shape },
      })
    }
    this.addWeight({ ...this.kernelRule, shape: [...kernelSize, channels / groups, filters] })
    if (this.useBias) this.addWeight({ ...this.biasRule, shape: [this.filters] })
    super.build(inputShape)
  }

  override call(x: Tensor): Tensor {
    const y = this.#convolve(toChannelsLast(x, this.dataFormat))
    return this.activation.call(fromChannelsLast(y, this.dataFormat))
  }

  #convolve(x: Tensor): Tensor {
    const { strides, padding, dilationRate: dilation, groups } = this
    const [kernel, bias, options] = [this.weight("kernel"), this.findWeight("bias"), { strides, padding, dilation }]
    if (groups === 1) return conv2d(x, kernel, bias, options)
    const [kernels, biases] = [split(kernel, groups, 3), bias && split(bias, groups)]
    const parts = split(x, groups, 3).map((part, i) => {
      return conv2d(part, kernels[i] ?? kernel, biases?.[i] ?? null, options)
    })
    return concat(parts, 3)
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const { kernelSize, strides, dilationRate, padding, dataFormat } = this
    const [batch = null, height = null, width = null] = shapeToLast(singleShape(this.name, inputShape), dataFormat)
    const rows = windowCount(height, kernelSize[0], strides[0], padding, dilationRate[0])
    const columns = windowCount(width, kernelSize[1], strides[1], padding, dilationRate[1])
    return shapeFromLast([batch, rows, columns, this.filters], dataFormat)
  }

  override options(): Record<string, unknown> {
    const { filters, kernelSize, strides, padding, dataFormat, dilationRate, groups } = this
    const own = { filters, kernelSize, strides, padding, dataFormat, dilationRate, groups }
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
