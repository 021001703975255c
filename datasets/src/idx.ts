import { OptionError, ShapeError } from "@selvedge/core"
import { malformed } from "./bytes.ts"

/** The element types of an IDX file. */
export type IdxData = Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array

/** The contents of an IDX file: elements in row-major order and their shape. */
export interface IdxArray {
  readonly data: IdxData
  readonly shape: number[]
}

const codes = { uint8: 0x08, int8: 0x09, int16: 0x0b, int32: 0x0c, float32: 0x0d, float64: 0x0e } as const
const sizes: Readonly<Record<number, number>> = { 8: 1, 9: 1, 11: 2, 12: 4, 13: 4, 14: 8 }

/**
 * Reads the IDX format of the MNIST family (http://yann.lecun.com/exdb/mnist/):
 *
 *     offset 0  two zero bytes
 *            2  type code: 08 uint8, 09 int8, 0B int16, 0C int32, 0D float32, 0E float64
 *            3  rank, at least 1
 *            4  one big-endian unsigned 32-bit size per dimension
 *            4 + 4 rank   the elements, big-endian, row-major, to the end of the file
 *
 * One-byte elements share memory with `bytes`; wider ones are copied to the order of this machine.
 *
 * @param bytes the whole file, inflated (see `gunzip`).
 * @param name what errors call the file.
 * @throws FormatError for a wrong header field, a size that cannot be, a truncated file and trailing bytes, naming
 *   file, offset, expected and found.
 */
export function readIdx(bytes: Uint8Array, name = "IDX data"): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const { code, rank } = readMagic(bytes, name)
  const shape = readShape(view, rank, name)
  const start = 4 + 4 * rank
  const size = sizes[code] ?? 1
  const count = elementCount(shape, (Number.MAX_SAFE_INTEGER - start) / size, name)
  const end = start + count * size
  if (bytes.length !== end) {
    throw malformed(bytes.length < end ? "the IDX file is truncated" : "there are bytes after the last element", {
      file: name,
      offset: Math.min(bytes.length, end),
      expected: `${end} bytes: a header of ${start} and ${shape.join(" x ")} elements of ${size}`,
      found: `${bytes.length} bytes`,
    })
  }
  return { data: readElements(view, code, start, count), shape }
}

function readMagic(bytes: Uint8Array, file: string): { code: number; rank: number } {
  if (bytes.length < 4) {
    throw malformed("the IDX header is truncated", {
      file,
      offset: bytes.length,
      expected: "a header of at least 8 bytes",
      found: `${bytes.length} bytes`,
    })
  }
  const [zero0 = 0, zero1 = 0, code = 0, rank = 0] = bytes
  if (zero0 !== 0 || zero1 !== 0) {
    const gzip = zero0 === 0x1f && zero1 === 0x8b
    throw malformed("this is not an IDX file", {
      file,
      offset: zero0 === 0 ? 1 : 0,
      expected: "0x00 0x00",
      found: `${hex(zero0)} ${hex(zero1)}`,
      ...(gzip ? { hint: "these are gzip data: inflate them first with gunzip(bytes)" } : {}),
    })
  }
  if (sizes[code] === undefined) {
    const expected = "0x08, 0x09, 0x0b, 0x0c, 0x0d or 0x0e"
    throw malformed("the IDX type code is unknown", { file, offset: 2, expected, found: hex(code) })
  }
  if (rank === 0) throw malformed("the IDX rank is zero", { file, offset: 3, expected: "1 to 255", found: 0 })
  return { code, rank }
}

function readShape(view: DataView, rank: number, file: string): number[] {
  if (view.byteLength < 4 + 4 * rank) {
    throw malformed("the IDX header is truncated", {
      file,
      offset: view.byteLength,
      expected: `${4 + 4 * rank} bytes for ${rank} dimensions`,
      found: `${view.byteLength} bytes`,
    })
  }
  return Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i))
}

function elementCount(shape: readonly number[], limit: number, file: string): number {
  if (shape.includes(0)) return 0
  let count = 1
  for (const [i, n] of shape.entries()) {
    count *= n
    if (count <= limit) continue
    throw malformed("the IDX dimensions are too large", {
      file,
      offset: 4 + 4 * i,
      expected: "a product of the dimensions that a file can hold",
      found: shape.join(" x "),
    })
  }
  return count
}

function readElements(view: DataView, code: number, start: number, count: number): IdxData {
  const at = view.byteOffset + start
  switch (code) {
    case codes.uint8:
      return new Uint8Array(view.buffer, at, count)
    case codes.int8:
      return new Int8Array(view.buffer, at, count)
    case codes.int16:
      return Int16Array.from({ length: count }, (_, i) => view.getInt16(start + 2 * i))
    case codes.int32:
      return Int32Array.from({ length: count }, (_, i) => view.getInt32(start + 4 * i))
    case codes.float32:
      return Float32Array.from({ length: count }, (_, i) => view.getFloat32(start + 4 * i))
    default:
      return Float64Array.from({ length: count }, (_, i) => view.getFloat64(start + 8 * i))
  }
}

/**
 * Writes an IDX file, the inverse of `readIdx`.
 *
 * @param array `data` in row-major order with `data.length` = the product of `shape`.
 * @throws ShapeError for a rank outside of 1 to 255, a dimension that is not an unsigned 32-bit integer, or a product
 *   that is not the number of elements; OptionError for an element type that IDX has not.
 */
export function writeIdx(array: { readonly data: IdxData; readonly shape: readonly number[] }): Uint8Array {
  const { data, shape } = array
  const code = typeCode(data)
  const fits = shape.every(n => Number.isInteger(n) && n >= 0 && n <= 0xffffffff)
  if (!fits || shape.length < 1 || shape.length > 255 || shape.reduce((a, b) => a * b, 1) !== data.length) {
    throw new ShapeError("writeIdx: the shape does not describe the data", {
      facts: { shape: [...shape], elements: data.length },
      rule: "1 to 255 dimensions, each an unsigned 32-bit integer, whose product is the number of elements",
    })
  }
  const start = 4 + 4 * shape.length
  const bytes = new Uint8Array(start + data.byteLength)
  const view = new DataView(bytes.buffer)
  bytes[2] = code
  bytes[3] = shape.length
  for (const [i, n] of shape.entries()) view.setUint32(4 + 4 * i, n)
  writeElements(view, code, start, data)
  return bytes
}

function typeCode(data: IdxData): number {
  if (data instanceof Uint8Array) return codes.uint8
  if (data instanceof Int8Array) return codes.int8
  if (data instanceof Int16Array) return codes.int16
  if (data instanceof Int32Array) return codes.int32
  if (data instanceof Float32Array) return codes.float32
  if (data instanceof Float64Array) return codes.float64
  throw new OptionError("writeIdx: data must be an array of a type that IDX has", {
    facts: { allowed: "Uint8Array, Int8Array, Int16Array, Int32Array, Float32Array, Float64Array" },
  })
}

function writeElements(view: DataView, code: number, start: number, data: IdxData): void {
  const size = data.BYTES_PER_ELEMENT
  if (size === 1) {
    new Uint8Array(view.buffer, start).set(data)
    return
  }
  for (const [i, value] of data.entries()) {
    const at = start + size * i
    if (size === 2) view.setInt16(at, value)
    else if (code === codes.int32) view.setInt32(at, value)
    else if (code === codes.float32) view.setFloat32(at, value)
    else view.setFloat64(at, value)
  }
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`
}
