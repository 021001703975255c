import { avgPool2d, checkBoolean, checkChoice, checkKeys, max, maxPool2d, mean, type Tensor } from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { Layer } from "../layer.ts"
import { type DataShapes, singleShape } from "../shapes.ts"
import { checkPair, type Padding, type Pair, windowCount } from "./conv2d.ts"
import {
  checkDataFormat,
  type DataFormat,
  type DataFormatOptions,
  fromChannelsLast,
  shapeFromLast,
  shapeToLast,
  toChannelsLast,
} from "./dataFormat.ts"

/** Options of `MaxPooling2D` and `AveragePooling2D`. */
export interface PoolingOptions extends DataFormatOptions {
  /** The window. Default 2. */
  readonly poolSize?: Pair
  /** Default the window's size. */
  readonly strides?: Pair | null
  /** Default `"valid"`. */
  readonly padding?: Padding
}

abstract class Pooling2D extends Layer {
  readonly poolSize: readonly [number, number]
  readonly strides: readonly [number, number]
  readonly padding: Padding
  readonly dataFormat: DataFormat
  protected override readonly inputRank = 4

  constructor(poolSizeOrOptions: Pair | PoolingOptions, rest: PoolingOptions) {
    const owner = nameOfClass(new.target)
    const given = typeof poolSizeOrOptions === "number" || Array.isArray(poolSizeOrOptions)
    const options: PoolingOptions = given
      ? { ...rest, poolSize: poolSizeOrOptions as Pair }
      : (poolSizeOrOptions as PoolingOptions)
    if (!given) checkKeys(owner, rest, [])
    super(options, ["poolSize", "strides", "padding", "dataFormat"])
    this.poolSize = checkPair(owner, "poolSize", options.poolSize ?? 2)
    this.strides = checkPair(owner, "strides", options.strides ?? this.poolSize)
    this.padding = checkChoice(owner, "padding", options.padding ?? "valid", ["valid", "same"])
    this.dataFormat = checkDataFormat(owner, options.dataFormat)
  }

  /** Pools images that have their channels last. */
  protected abstract pool(x: Tensor): Tensor

  override call(x: Tensor): Tensor {
    return fromChannelsLast(this.pool(toChannelsLast(x, this.dataFormat)), this.dataFormat)
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const { poolSize, strides, padding, dataFormat } = this
    const shape = shapeToLast(singleShape(this.name, inputShape), dataFormat)
    const [batch = null, height = null, width = null, channels = null] = shape
    const rows = windowCount(height, poolSize[0], strides[0], padding)
    return shapeFromLast([batch, rows, windowCount(width, poolSize[1], strides[1], padding), channels], dataFormat)
  }

  override options(): Record<string, unknown> {
    const { poolSize, strides, padding, dataFormat } = this
    return { ...super.options(), poolSize, padding, strides, dataFormat }
  }
}

/**
 * The largest value of each window.                          [b, h, w, channels] -> [b, h', w', channels]
 * [Keras](https://keras.io/api/layers/pooling_layers/max_pooling2d/)
 */
export class MaxPooling2D extends Pooling2D {
  static override readonly className: string = "MaxPooling2D"

  /** Takes `new MaxPooling2D(2)` and `new MaxPooling2D({ poolSize: 2 })`. @throws OptionError for a bad option. */
  constructor(poolSize: Pair | PoolingOptions = {}, options: PoolingOptions = {}) {
    super(poolSize, options)
  }

  protected pool(x: Tensor): Tensor {
    return maxPool2d(x, this.poolSize, { strides: this.strides, padding: this.padding })
  }
}

/**
 * The mean of each window, padding not counted.              [b, h, w, channels] -> [b, h', w', channels]
 * [Keras](https://keras.io/api/layers/pooling_layers/average_pooling2d/)
 */
export class AveragePooling2D extends Pooling2D {
  static override readonly className: string = "AveragePooling2D"

  /** Takes `new AveragePooling2D(2)` and `new AveragePooling2D({ poolSize: 2 })`. @throws OptionError for a bad option. */
  constructor(poolSize: Pair | PoolingOptions = {}, options: PoolingOptions = {}) {
    super(poolSize, options)
  }

  protected pool(x: Tensor): Tensor {
    return avgPool2d(x, this.poolSize, { strides: this.strides, padding: this.padding })
  }
}

/** Options of `GlobalAveragePooling2D` and `GlobalMaxPooling2D`. */
export interface GlobalPoolingOptions extends DataFormatOptions {
  /** Whether to keep the two image axes, with size 1. Default false. */
  readonly keepDims?: boolean
}

abstract class GlobalPooling2D extends Layer {
  readonly keepDims: boolean
  readonly dataFormat: DataFormat
  protected override readonly inputRank = 4

  constructor(options: GlobalPoolingOptions) {
    super(options, ["keepDims", "dataFormat"])
    const owner = nameOfClass(new.target)
    this.keepDims = checkBoolean(owner, "keepDims", options.keepDims ?? false)
    this.dataFormat = checkDataFormat(owner, options.dataFormat)
  }

  /** What the reduction is told: the two image axes, and whether to keep them. */
  protected get reduction(): { axis: number[]; keepDims: boolean } {
    return { axis: this.dataFormat === "channels_last" ? [1, 2] : [2, 3], keepDims: this.keepDims }
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const [batch = null, , , channels = null] = shapeToLast(singleShape(this.name, inputShape), this.dataFormat)
    return this.keepDims ? shapeFromLast([batch, 1, 1, channels], this.dataFormat) : [batch, channels]
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), dataFormat: this.dataFormat, keepDims: this.keepDims }
  }
}

/**
 * The mean of each channel over the image.                       [b, h, w, channels] -> [b, channels]
 * [Keras](https://keras.io/api/layers/pooling_layers/global_average_pooling2d/)
 */
export class GlobalAveragePooling2D extends GlobalPooling2D {
  static override readonly className: string = "GlobalAveragePooling2D"

  /** @throws OptionError for an unknown option. */
  constructor(options: GlobalPoolingOptions = {}) {
    super(options)
  }

  override call(x: Tensor): Tensor {
    return mean(x, this.reduction)
  }
}

/**
 * The largest value of each channel over the image.              [b, h, w, channels] -> [b, channels]
 * [Keras](https://keras.io/api/layers/pooling_layers/global_max_pooling2d/)
 */
export class GlobalMaxPooling2D extends GlobalPooling2D {
  static override readonly className: string = "GlobalMaxPooling2D"

  /** @throws OptionError for an unknown option. */
  constructor(options: GlobalPoolingOptions = {}) {
    super(options)
  }

  override call(x: Tensor): Tensor {
    return max(x, this.reduction)
  }
}
