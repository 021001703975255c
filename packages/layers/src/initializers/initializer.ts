import {
  type Buffer,
  checkKeys,
  checkNumber,
  describe,
  getSeed,
  isTensor,
  OptionError,
  type Shape,
  ShapeError,
  type Stream,
  sizeOf,
  stream,
  type Tensor,
  type TensorLike,
  tensor,
} from "@selvedge/core"
import { Configurable, classNameOf, nameOfClass, serializeFunction } from "../configurable.ts"

/** Options that every random initializer takes. */
export interface SeedOptions {
  /** A seed of its own: the same values at every call, whichever weight they are for. 0 is a seed. */
  readonly seed?: number | null
}

/**
 * Gives a weight its first values: a function of the weight's shape and of a stream of random numbers.
 * Of your own: a subclass with `fill`, or a plain function `(shape, stream) => values`.
 */
export abstract class Initializer extends Configurable {
  static override readonly module: string = "keras.initializers"
  readonly seed: number | null

  /** @throws OptionError for an unknown option or a seed that is not an integer >= 0. */
  constructor(options: object = {}, keys: readonly string[] = []) {
    super()
    const owner = nameOfClass(new.target)
    checkKeys(owner, options, keys)
    const { seed = null }: SeedOptions = options
    const rule = { min: 0, max: Number.MAX_SAFE_INTEGER, integer: true }
    this.seed = seed === null ? null : checkNumber(owner, "seed", seed, rule)
  }

  /** Writes the values for a weight of `shape` to `out`, taking random numbers from `from`. */
  abstract fill(out: Buffer, shape: Shape, from: Stream): void

  /**
   * A tensor of these values, with random numbers from its own seed, else from the stream, else from the default seed.
   * @throws ShapeError for a shape that it cannot fill.
   */
  call(shape: Shape, from?: Stream): Tensor {
    const x = tensor(new Float32Array(sizeOf(shape)), shape)
    this.write(x.write(), shape, from ?? stream(getSeed(), "initialisation", classNameOf(this)))
    return x
  }

  /** `fill`, from its own seed where it has one. */
  write(out: Buffer, shape: Shape, from: Stream): void {
    this.fill(out, shape, this.seed === null ? from : stream(this.seed, "initialisation", ""))
  }
}

/** A function of the user's own as an initializer. */
export class FunctionInitializer extends Initializer {
  readonly fn: (shape: Shape, from: Stream) => unknown

  constructor(fn: (shape: Shape, from: Stream) => unknown) {
    super()
    this.fn = fn
  }

  fill(out: Buffer, shape: Shape, from: Stream): void {
    const values = this.fn(shape, from)
    const x = isTensor(values) ? values : tensor(toTensorLike(values))
    if (x.size !== out.length) {
      throw new ShapeError("initializer: the function gave values of another size", {
        facts: { weight: shape, values: x.shape },
      })
    }
    out.set(x.read())
  }

  /** Its name, as Keras writes functions. */
  serialize(): unknown {
    return serializeFunction(this.fn.name || "initializer")
  }
}

function toTensorLike(values: unknown): TensorLike {
  if (typeof values === "number" || Array.isArray(values)) return values
  if (values instanceof Float32Array || values instanceof Float64Array) return values
  throw new OptionError(`initializer: the function must return a tensor or numbers, got ${describe(values)}`)
}
