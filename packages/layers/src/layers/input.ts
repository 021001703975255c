import { describe, OptionError, ShapeError, type Tensor } from "@selvedge/core"
import { isRecord } from "../config.ts"
import { SymbolicTensor } from "../graph.ts"
import { Layer, type Symbolic } from "../layer.ts"
import { checkDims, type DataShape, type DataShapes, formatShapes, isShapeList } from "../shapes.ts"

const dtypes = ["float32", "int32", "int64", "uint8", "int8", "int16", "uint16", "bool"]

/** Options of `input` and `InputLayer`. */
export interface InputOptions {
  /** Shape of one sample; null for sizes that are not known. */
  readonly shape?: DataShape | null
  /** Shape of a batch, in place of `shape`. */
  readonly batchShape?: DataShape | null
  readonly batchSize?: number | null
  readonly name?: string | null
  /** What the data are; they are computed with in float32. Default `"float32"`. */
  readonly dtype?: string | null
}

/**
 * Where data enter a functional model; `input(options)` makes one and gives its tensor.
 * [Keras](https://keras.io/api/layers/core_layers/input/)
 */
export class InputLayer extends Layer {
  static override readonly className: string = "InputLayer"
  readonly batchShape: DataShape
  readonly dtype: string

  /** @throws OptionError for an unknown option, or unless exactly one shape is given. */
  constructor(options: InputOptions) {
    const given: unknown = options
    if (!isRecord(given)) throw new OptionError(`InputLayer: options must be an object, got ${describe(options)}`)
    const { shape, batchShape, batchSize, dtype, ...base } = options
    super(base as { name?: string }, ["shape", "batchShape", "batchSize", "dtype"])
    this.batchShape = shapeOf(shape, batchShape, batchSize)
    this.dtype = dtype ?? "float32"
    if (!dtypes.includes(this.dtype)) {
      throw new OptionError(`InputLayer: dtype ${describe(dtype)} is not supported`, {
        facts: { allowed: dtypes.join(", ") },
      })
    }
    this.build(this.batchShape)
  }

  /** @throws ShapeError when the data do not have its shape. */
  override call(x: Tensor): Tensor {
    this.checkShape(x.shape)
    return x
  }

  /** @throws ShapeError when a shape is not the one that this input takes; batches may be of any size. */
  checkShape(shape: DataShapes): void {
    const { batchShape } = this
    const fits =
      !isShapeList(shape) &&
      shape.length === batchShape.length &&
      batchShape.every((n, i) => i === 0 || n === null || shape[i] === null || shape[i] === n)
    if (fits) return
    throw new ShapeError(`${this.name}: the input does not have its shape`, {
      facts: { expected: batchShape, got: formatShapes(shape) },
    })
  }

  override computeOutputShape(): DataShape {
    return this.batchShape
  }

  override options(): Record<string, unknown> {
    return { batchShape: this.batchShape, dtype: this.dtype, name: this.name }
  }
}

function shapeOf(shape: unknown, batchShape: unknown, batchSize: unknown): DataShape {
  if (batchShape && (shape || batchSize)) {
    throw new OptionError("InputLayer: batchShape is given in place of shape and batchSize, not beside them")
  }
  if (batchShape) return checkDims("InputLayer", "batchShape", batchShape, true)
  const [batch = null] = checkDims("InputLayer", "batchSize", [batchSize ?? null], true)
  return [batch, ...checkDims("InputLayer", "shape", shape, true)]
}

/**
 * A tensor of the functional API for data of this shape: `const x = input({ shape: [28, 28] })`.
 * @throws OptionError for an unknown option or a bad shape.
 */
export function input(options: InputOptions): Symbolic {
  return outputOfInput(new InputLayer(options))
}

/** The symbolic tensor of an input layer, made once. */
export function outputOfInput(layer: InputLayer): Symbolic {
  const existing = layer.inboundNodes[0]?.outputs[0]
  if (existing) return existing
  const outputs: Symbolic[] = []
  const node = { layer, inputs: [], list: false, outputs, index: 0, training: null }
  const tensor = new SymbolicTensor<Layer>(layer.batchShape, node, 0)
  outputs.push(tensor)
  layer.inboundNodes.push(node)
  return tensor
}
