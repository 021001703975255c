import { describe, inferShape, OptionError, reshape, type Tensor, transpose } from "@selvedge/core"
import { Layer, type LayerOptions } from "../layer.ts"
import { type DataShape, type DataShapes, productOf, singleShape } from "../shapes.ts"
import { checkDataFormat, type DataFormat, type DataFormatOptions, toChannelsLast } from "./dataFormat.ts"

/**
 * All axes of a sample in one, the channels varying fastest.                    [b, ...] -> [b, product]
 * A batch of plain numbers, [b], becomes [b, 1]. [Keras](https://keras.io/api/layers/reshaping_layers/flatten/)
 */
export class Flatten extends Layer {
  static override readonly className: string = "Flatten"
  readonly dataFormat: DataFormat
  protected override readonly inputRank = { min: 1 }

  /** @throws OptionError for an unknown option. */
  constructor(options: DataFormatOptions = {}) {
    super(options, ["dataFormat"])
    this.dataFormat = checkDataFormat("Flatten", options.dataFormat)
  }

  override call(x: Tensor): Tensor {
    const [batch = 1, ...sample] = x.shape
    return reshape(toChannelsLast(x, this.dataFormat), [batch, sample.reduce((product, n) => product * n, 1)])
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const [batch = null, ...sample] = singleShape(this.name, inputShape)
    return [batch, productOf(sample)]
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), dataFormat: this.dataFormat }
  }
}

/**
 * Another shape for each sample; one dimension may be -1, which is what is left.        [b, ...] -> [b, ...targetShape]
 * [Keras](https://keras.io/api/layers/reshaping_layers/reshape/)
 */
export class Reshape extends Layer {
  static override readonly className: string = "Reshape"
  static override readonly positional: readonly string[] = ["targetShape"]
  readonly targetShape: readonly number[]
  protected override readonly inputRank = { min: 1 }

  /** @throws OptionError for an unknown option or a shape with anything but positive integers and one -1. */
  constructor(targetShape: readonly number[], options: LayerOptions = {}) {
    super(options)
    const fine = Array.isArray(targetShape) && targetShape.every(n => Number.isInteger(n) && (n === -1 || n >= 0))
    if (!fine || targetShape.filter(n => n === -1).length > 1) {
      const got = describe(targetShape)
      throw new OptionError(`Reshape: targetShape must be a list of integers >= 0 with at most one -1, got ${got}`)
    }
    this.targetShape = [...targetShape]
  }

  /** @throws ShapeError when the sample does not fill the shape. */
  override call(x: Tensor): Tensor {
    return reshape(x, [x.shape[0] ?? 1, ...this.#resolve(x.shape.slice(1))])
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const [batch = null, ...sample] = singleShape(this.name, inputShape)
    const known = sample.every(n => n !== null) ? sample.filter(n => n !== null) : null
    const target: DataShape = known ? this.#resolve(known) : this.targetShape.map(n => (n === -1 ? null : n))
    return [batch, ...target]
  }

  #resolve(sample: readonly number[]): readonly number[] {
    return inferShape(this.name, sample, this.targetShape)
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), targetShape: this.targetShape }
  }
}

/**
 * The axes of each sample in another order: output axis i is input axis dims[i - 1], counted from 1.
 * [Keras](https://keras.io/api/layers/reshaping_layers/permute/)                             [b, ...] -> [b, ...]
 */
export class Permute extends Layer {
  static override readonly className: string = "Permute"
  static override readonly positional: readonly string[] = ["dims"]
  readonly dims: readonly number[]
  protected override readonly inputRank: number

  /** @throws OptionError for an unknown option or dims that are not the numbers from 1 on in some order. */
  constructor(dims: readonly number[], options: LayerOptions = {}) {
    super(options)
    if (!Array.isArray(dims) || dims.length === 0 || dims.some((_, i) => !dims.includes(i + 1))) {
      throw new OptionError(`Permute: dims must be the integers from 1 on in some order, got ${describe(dims)}`)
    }
    this.dims = [...dims]
    this.inputRank = dims.length + 1
  }

  override call(x: Tensor): Tensor {
    return transpose(x, [0, ...this.dims])
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const shape = singleShape(this.name, inputShape)
    return [shape[0] ?? null, ...this.dims.map(axis => shape[axis] ?? null)]
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), dims: this.dims }
  }
}
