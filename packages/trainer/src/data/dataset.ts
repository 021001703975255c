import {
  alloc,
  type Buffer,
  checkKeys,
  checkNumber,
  OptionError,
  type Shape,
  ShapeError,
  simd,
  sizeOf,
  vectorized,
} from "@selvedge/core"

/** Numbers of a shape: a tensor is one, and so is an `ndarray` whose numbers lie in row-major order. */
export interface Shaped {
  readonly data: ArrayLike<number>
  readonly shape: readonly number[]
}

/** The examples of one batch, as a `Dataset` or a generator gives them. Several inputs or outputs are lists or records. */
export interface DatasetBatch {
  readonly x: unknown
  readonly y?: unknown
  readonly sampleWeight?: unknown
}

/**
 * Examples by number, made when they are needed: decoded, augmented. Everything random in it must depend on `epoch` and
 * the indices alone, so that a resumed run sees the same examples.
 */
export interface Dataset {
  /** How many examples there are. */
  readonly length: number
  /** The examples of these numbers, in this order. */
  batch(indices: Uint32Array, epoch: number): DatasetBatch
}

/** True for whatever can serve batches by example number. */
export function isDataset(value: unknown): value is Dataset {
  return (
    typeof value === "object" &&
    value !== null &&
    "batch" in value &&
    typeof value.batch === "function" &&
    "length" in value &&
    typeof value.length === "number"
  )
}

/** One input or output of all examples: numbers that are gathered into batches. */
export interface Column {
  readonly length: number
  /** The shape of one example. */
  readonly shape: Shape
  /** The numbers, one example after the other, and how many each has. */
  readonly data: ArrayLike<number>
  readonly size: number
  /** What a byte stands for; null when numbers stand for themselves. */
  readonly decode: Float32Array | null
}

/** A column over numbers that lie one example after the other. */
export function column(data: ArrayLike<number>, shape: Shape, decode: Float32Array | null = null): Column {
  const [length = 0, ...inner] = shape
  return { length, shape: inner, data, size: sizeOf(inner), decode }
}

/** The examples of these numbers, one after the other. */
export function gather({ data, size, decode }: Column, indices: Uint32Array): Buffer {
  const out = alloc(indices.length * size)
  if (decode && data instanceof Uint8Array) {
    // Gathered as bytes, inside a step in its memory, where a kernel decodes them.
    const room = alloc(Math.ceil(out.length / 4))
    const bytes = new Uint8Array(room.buffer, room.byteOffset, out.length)
    gatherRows(data, size, indices, bytes)
    decodeBytes(bytes, decode, out)
  } else if (data instanceof Float32Array) {
    gatherRows(data, size, indices, out)
  } else {
    for (let i = 0, at = 0; i < indices.length; i++) {
      const start = indices[i]! * size
      for (let j = start; j < start + size; j++) out[at++] = decode ? decode[data[j]!]! : data[j]!
    }
  }
  return out
}

function gatherRows<T extends Uint8Array | Float32Array>(
  data: T,
  size: number,
  indices: Uint32Array,
  out: T | Float64Array,
): void {
  for (let i = 0; i < indices.length; i++) {
    const start = indices[i]! * size
    if (size > 16) out.set(data.subarray(start, start + size), i * size)
    else for (let j = 0; j < size; j++) out[i * size + j] = data[start + j]!
  }
}

/** out = table[bytes] */
const decodeBytes = vectorized(
  "decodeBytes",
  (bytes: Uint8Array, table: Buffer, out: Buffer) => {
    for (let i = 0; i < bytes.length; i++) out[i] = table[bytes[i]!]!
  },
  simd.decodeBytes,
)

/** What `bytesDataset` is made of. */
export interface BytesOptions {
  /** One byte per pixel, one image after the other. */
  readonly images: Uint8Array
  /** One class number per image. */
  readonly labels?: ArrayLike<number>
  /** The shape of one image: [28, 28]. */
  readonly shape: Shape
  /** Factor from bytes to numbers; 1 / 255 by default. */
  readonly scale?: number
}

/** Images that stay bytes until they are needed in a batch. */
export class BytesDataset implements Dataset {
  readonly length: number
  readonly images: Column
  readonly labels: Column | null

  /**
   * @throws OptionError for an unknown option.
   * @throws ShapeError when bytes do not fill whole images, or labels are not one per image.
   */
  constructor(options: BytesOptions) {
    checkKeys("bytesDataset", options, ["images", "labels", "shape", "scale"])
    const { images, labels, shape, scale = 1 / 255 } = options
    if (!(images instanceof Uint8Array)) throw new OptionError("bytesDataset: images must be a Uint8Array")
    checkNumber("bytesDataset", "scale", scale)
    this.length = images.length / sizeOf(shape)
    const facts = { bytes: images.length, shape, labels: labels?.length ?? "none" }
    if (!Number.isInteger(this.length))
      throw new ShapeError("bytesDataset: the bytes do not fill whole images", { facts })
    if (labels && labels.length !== this.length) {
      throw new ShapeError(`bytesDataset: ${labels.length} labels for ${this.length} images`, { facts })
    }
    this.images = column(images, [this.length, ...shape], decodingTable(scale))
    this.labels = labels ? column(labels, [this.length]) : null
  }

  batch(indices: Uint32Array): DatasetBatch {
    const shape = [indices.length, ...this.images.shape]
    const x = { data: gather(this.images, indices), shape }
    return this.labels ? { x, y: { data: gather(this.labels, indices), shape: [indices.length] } } : { x }
  }
}

/**
 * Images as bytes with their labels, as a dataset for `fit`, `evaluate` and `predict`: 60,000 images of 28 x 28 stay 47
 * MB. A pixel's value is float32(byte * scale), and exactly float32(byte / 255) by default.
 * @throws like BytesDataset.
 */
export function bytesDataset(options: BytesOptions): BytesDataset {
  return new BytesDataset(options)
}

/** What each byte stands for. Dividing by the whole number 1 / scale rounds once, as Keras does with `x / 255`. */
function decodingTable(scale: number): Float32Array {
  const divisor = Math.round(1 / scale)
  const whole = Math.abs(divisor * scale - 1) < 1e-12
  return Float32Array.from({ length: 256 }, (_, byte) => (whole ? byte / divisor : byte * scale))
}
