/** The typed arrays a file can hold. Booleans are bytes of 0 and 1; half precision is widened to float32. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

/** Element types as NumPy and Keras name them. */
export type DType = keyof typeof DTYPES

/** One array of a file: row-major values of `shape`. */
export interface NamedArray {
  name: string
  shape: number[]
  data: TypedArray
  /** Stored type; when absent, the one that `data` has by itself. Needed for float16, bfloat16 and bool only. */
  dtype?: DType
}

interface DTypeInfo {
  readonly bytes: number
  readonly make: (buffer: ArrayBuffer) => TypedArray
}

/** Bytes per element, and the typed array over a buffer of little-endian elements. */
export const DTYPES = {
  float16: { bytes: 2, make: buffer => widen(new Uint16Array(buffer), halfToFloat) },
  bfloat16: { bytes: 2, make: buffer => widen(new Uint16Array(buffer), brainToFloat) },
  float32: { bytes: 4, make: buffer => new Float32Array(buffer) },
  float64: { bytes: 8, make: buffer => new Float64Array(buffer) },
  int8: { bytes: 1, make: buffer => new Int8Array(buffer) },
  int16: { bytes: 2, make: buffer => new Int16Array(buffer) },
  int32: { bytes: 4, make: buffer => new Int32Array(buffer) },
  int64: { bytes: 8, make: buffer => new BigInt64Array(buffer) },
  uint8: { bytes: 1, make: buffer => new Uint8Array(buffer) },
  uint16: { bytes: 2, make: buffer => new Uint16Array(buffer) },
  uint32: { bytes: 4, make: buffer => new Uint32Array(buffer) },
  uint64: { bytes: 8, make: buffer => new BigUint64Array(buffer) },
  bool: { bytes: 1, make: buffer => new Uint8Array(buffer) },
} satisfies Record<string, DTypeInfo>

/** The dtype a typed array has by itself. */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32"
  if (data instanceof Float64Array) return "float64"
  if (data instanceof Int8Array) return "int8"
  if (data instanceof Uint8Array) return "uint8"
  if (data instanceof Int16Array) return "int16"
  if (data instanceof Uint16Array) return "uint16"
  if (data instanceof Int32Array) return "int32"
  if (data instanceof Uint32Array) return "uint32"
  return data instanceof BigInt64Array ? "int64" : "uint64"
}

/** Number of elements of a shape; 1 for a scalar. Infinity-safe: the caller checks the range. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dim) => product * dim, 1)
}

/** Elements decoded from raw bytes, copied out of the file. `bytes.length` must be a multiple of the element's size. */
export function decode(bytes: Uint8Array, dtype: DType, bigEndian = false): TypedArray {
  // Not slice: that of a Node Buffer does not copy, and its memory is shared with others.
  const copy = new Uint8Array(bytes)
  if (bigEndian) swapBytes(copy, DTYPES[dtype].bytes)
  return DTYPES[dtype].make(copy.buffer)
}

/** The same for bytes that fill a buffer of their own and that nobody else keeps: not copied. */
export function adopt(bytes: Uint8Array, dtype: DType): TypedArray {
  const { buffer } = bytes
  const whole = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length
  return whole ? DTYPES[dtype].make(buffer) : decode(bytes, dtype)
}

/** Raw little-endian bytes of an array, in the stored type. Not a copy where none is needed. */
export function encode(data: TypedArray, dtype: DType): Uint8Array {
  if (dtype === "float16") return bytesOf(narrow(data, floatToHalf))
  if (dtype === "bfloat16") return bytesOf(narrow(data, floatToBrain))
  return bytesOf(data)
}

/** The bytes behind a typed array. */
export function bytesOf(data: TypedArray): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/**
 * Any numeric array as float32; values beyond float32 become infinities, as NumPy's `astype` does.
 * Returns the same array when it already is float32.
 */
export function toFloat32(data: TypedArray): Float32Array {
  if (data instanceof Float32Array) return data
  const out = new Float32Array(data.length)
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let i = 0; i < out.length; i++) out[i] = Number(data[i])
  else out.set(data)
  return out
}

/** Reorders Fortran-order (first index fastest) values to row-major. */
export function fromFortran(data: TypedArray, shape: readonly number[]): TypedArray {
  const out = data.slice()
  const index = new Array<number>(shape.length).fill(0)
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)))
  let source = 0
  for (let i = 0; i < data.length; i++) {
    out[i] = data[source]!
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      source += strides[axis]!
      if (++index[axis]! < shape[axis]!) break
      source -= strides[axis]! * shape[axis]!
      index[axis] = 0
    }
  }
  return out
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse()
}

function widen(bits: Uint16Array, toFloat: (bits: number) => number): Float32Array {
  return Float32Array.from(bits, toFloat)
}

function narrow(data: TypedArray, toBits: (value: number) => number): Uint16Array {
  const out = new Uint16Array(data.length)
  for (let i = 0; i < out.length; i++) out[i] = toBits(Number(data[i]))
  return out
}

const scratch = new DataView(new ArrayBuffer(4))

/** Smallest positive half, 2^-24. */
const HALF_STEP = 1 / 16777216

/** IEEE 754 binary16 to a number. */
export function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * HALF_STEP
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  return (sign * (1024 + fraction) * (1 << exponent) * HALF_STEP) / 2
}

/** A number, taken as float32, to IEEE 754 binary16: round to nearest even, overflow to infinity. */
export function floatToHalf(value: number): number {
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 255) - 112
  if (exponent === 143) return sign | (bits & 0x7fffff ? 0x7e00 : 0x7c00)
  if (exponent < -10) return sign
  const fraction = (bits & 0x7fffff) | (exponent > 0 ? 0 : 0x800000)
  const drop = exponent > 0 ? 13 : 14 - exponent
  const kept = (Math.max(exponent, 0) << 10) + (fraction >>> drop)
  const rest = fraction & ((1 << drop) - 1)
  const half = 1 << (drop - 1)
  const up = rest > half || (rest === half && (kept & 1) === 1) ? 1 : 0
  return sign | Math.min(kept + up, 0x7c00)
}

function brainToFloat(bits: number): number {
  scratch.setUint32(0, (bits << 16) >>> 0)
  return scratch.getFloat32(0)
}

/** A number to bfloat16, round to nearest even. */
function floatToBrain(value: number): number {
  scratch.setFloat32(0, value)
  const bits = scratch.getUint32(0)
  if (Number.isNaN(value)) return (bits >>> 16) | 0x40
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff
}
