import { ShapeError } from "./errors.ts"
import { formatTensor } from "./format.ts"
import { finishRuns } from "./kernels/queue.ts"
import { viewOf } from "./ndarray.ts"
import { checkShape, type Shape, sameShape, sizeOf } from "./shape.ts"
import { type Buffer, Storage } from "./storage.ts"

/** One recorded operation: what `backward` needs to pass a gradient on. */
export interface GraphNode {
  /** The op's name, the same as its function's. */
  readonly op: string
  readonly inputs: readonly Tensor[]
  /** Adds to the inputs' gradients; `null` stands for an input that wants none. */
  backward: Backward | null
  /** Whether `backward` may be given gradients that kernels are still computing. */
  readonly vectorized: boolean
  /** How many of its first inputs' gradients may come blank: standing for zeros that nobody has written. */
  readonly blanks: number
  /** The clock of the step that it belongs to; Infinity outside of one. */
  readonly until: number
  /** The latest differentiation that met it, and the gradient that its output has got in it so far. */
  met: number
  gradient: Buffer | null
}

/** The mathematics of a gradient: from dy, add into the buffer of each input that wants one. dy is good until it returns. */
export type Backward = (dy: Buffer, ...gradients: (Buffer | null)[]) => void

/** What a tensor may be given besides its numbers. */
export interface TensorOptions {
  /** Whether `backward` computes its gradient. */
  readonly requiresGrad?: boolean
  /** A name for messages and printing. */
  readonly name?: string
}

// The same key in every copy of this module, so that tensors of another copy are told apart by brand, not by class.
const brand = Symbol.for("@selvedge/core/tensor")
let created = 0

/** True for a tensor of this or any other copy of the library. */
export function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && brand in value
}

/**
 * An n-dimensional array of float32 numbers, contiguous and row-major. Operations are free functions (`add(x, y)`); a
 * tensor itself only gives access to its numbers. Nobody has to free one.
 */
export class Tensor {
  readonly [brand] = true
  /** Position in the order of creation, which is a topological order of every graph. */
  readonly id = ++created
  readonly shape: Shape
  /** How many numbers it holds: the product of `shape`. */
  readonly size: number
  /** Whether `backward` computes its gradient: set on leaves, inherited by what is computed from them. */
  requiresGrad: boolean
  name: string
  /** The gradient that the latest `backward` computed for this leaf; null before. */
  grad: Tensor | null = null
  /** The operation that made it; null for a leaf. */
  node: GraphNode | null = null
  /** For the output of `softmax` or `sigmoid`: the logits, which a cross-entropy uses for a stable gradient. */
  logits: Tensor | null = null
  readonly #storage: Storage
  readonly #offset: number
  #window: Buffer | null = null

  constructor(storage: Storage, shape: Shape, options: TensorOptions = {}, offset = 0) {
    this.#storage = storage
    this.#offset = offset
    this.shape = shape
    this.size = sizeOf(shape)
    this.requiresGrad = options.requiresGrad ?? false
    this.name = options.name ?? ""
  }

  /** How many axes it has. */
  get rank(): number {
    return this.shape.length
  }

  /**
   * Its numbers in row-major order, not a copy: the same array at every look, and writing to it changes the tensor.
   * @throws StaleTensorError when it belonged to a training step that has ended.
   */
  get data(): Buffer {
    finishRuns()
    return this.#cut(this.#storage.expose(this.#label()))
  }

  /**
   * Its numbers as an `ndarray` (npm), not copied: strides, transposes and steps without moving a number, and writing to
   * it changes the tensor.
   * @throws OptionError where a Content-Security-Policy forbids `new Function`; StaleTensorError like `data`.
   */
  view(): ReturnType<typeof viewOf> {
    return viewOf(this.data, this.shape)
  }

  /**
   * A copy of its numbers as nested arrays; a plain number for a scalar.
   * @throws StaleTensorError when it belonged to a training step that has ended.
   */
  toArray(): NestedArray {
    return nest(this.read(), this.shape, 0)
  }

  /**
   * The single number of a tensor of size 1.
   * @throws ShapeError for any other size.
   */
  item(): number {
    if (this.size !== 1) throw new ShapeError("item: needs a tensor of size 1", { facts: { x: this.shape } })
    return this.read()[0]
  }

  /** A copy with numbers of its own on the heap, without history: it outlives every step. */
  clone(): Tensor {
    return new Tensor(Storage.of(this.read().slice()), this.shape, { name: this.name })
  }

  /** The same numbers, not copied, without history: no gradient flows through it. */
  detach(): Tensor {
    return this.window(this.shape, 0)
  }

  /** A tensor of another shape over a part of the same numbers. Internal: `reshape` and `slice` record it. */
  window(shape: Shape, offset: number): Tensor {
    return new Tensor(this.#storage, shape, {}, this.#offset + offset)
  }

  /** The buffer to compute with, wherever it lives. Internal: users look at `data`. */
  read(): Buffer {
    finishRuns()
    return this.operand()
  }

  /** The same for kernels alone, and loops that are `vectorized`: what kernels write to it may still be to come. Internal. */
  operand(): Buffer {
    return this.#cut(this.#storage.read(this.#label()))
  }

  /** The buffer to change in place. Internal: users call `assign`. */
  write(): Buffer {
    return this.read()
  }

  /** Whether both tensors look at the same memory. */
  sharesStorage(other: Tensor): boolean {
    return this.#storage === other.#storage
  }

  /** Where its numbers live. Internal: sessions mirror it. */
  get storage(): Storage {
    return this.#storage
  }

  toString(): string {
    return formatTensor(this)
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return formatTensor(this)
  }

  #label(): string {
    return this.name || this.node?.op || "a tensor"
  }

  #cut(buffer: Buffer): Buffer {
    const size = this.size
    if (this.#offset === 0 && buffer.length === size) return buffer
    const start = buffer.byteOffset + this.#offset * buffer.BYTES_PER_ELEMENT
    const kept = this.#window
    if (kept?.buffer === buffer.buffer && kept.byteOffset === start && kept.length === size) return kept
    this.#window = buffer.subarray(this.#offset, this.#offset + size)
    return this.#window
  }
}

/** Numbers in arrays in arrays, as deep as a shape is long. */
export type NestedArray = number | NestedArray[]

function nest(data: Buffer, shape: Shape, offset: number): NestedArray {
  if (shape.length === 0) return data[offset]
  const [n, ...inner] = shape
  const stride = sizeOf(inner)
  return Array.from({ length: n }, (_, i) => nest(data, inner, offset + i * stride))
}

/**
 * Replaces a tensor's numbers in place, wherever they live. Everything that shares them sees it.
 * @throws ShapeError when the count differs.
 */
export function assign(target: Tensor, values: Tensor | ArrayLike<number>): void {
  const from = isTensor(values) ? values.read() : values
  if (isTensor(values) ? !sameShape(values.shape, target.shape) : from.length !== target.size) {
    throw new ShapeError(`assign: the values do not fit${target.name ? ` "${target.name}"` : ""}`, {
      facts: { target: target.shape, values: isTensor(values) ? values.shape : [from.length] },
      rule: "a tensor keeps its shape",
    })
  }
  target.write().set(from)
}

/** A new tensor of its own over a buffer that `alloc` gave, of this shape. Internal to ops. */
export function wrap(buffer: Buffer, shape: Shape, options?: TensorOptions): Tensor {
  return new Tensor(Storage.of(buffer), shape, options)
}

export { checkShape }
