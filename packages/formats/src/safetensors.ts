import { DTYPES, type DType, decode, dtypeOf, encode, type NamedArray, sizeOf } from "./arrays.ts"
import { type Refuse, refuseIn, show, UNNAMED } from "./fail.ts"
import { decodeUtf8, isObject, type Json, parseJsonObject } from "./json.ts"

const CODES = new Map<string, DType>([
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["F32", "float32"],
  ["F64", "float64"],
  ["I8", "int8"],
  ["I16", "int16"],
  ["I32", "int32"],
  ["I64", "int64"],
  ["U8", "uint8"],
  ["U16", "uint16"],
  ["U32", "uint32"],
  ["U64", "uint64"],
  ["BOOL", "bool"],
])

/** The header's own limit in the reference implementation. */
const MAX_HEADER = 100_000_000

/** The content of a `.safetensors` file. */
export interface SafeTensors {
  arrays: NamedArray[]
  /** Free text by key, the `__metadata__` entry. */
  metadata: Map<string, string>
}

interface Slot {
  name: string
  dtype: DType
  shape: number[]
  begin: number
  end: number
}

/**
 * Reads a `.safetensors` file (huggingface.co/docs/safetensors): an 8-byte header length, a JSON header, raw data. The
 * arrays must cover the data without gap or overlap. float16 and bfloat16 are widened to float32 and keep their `dtype`.
 * @throws FormatError naming the array and the field.
 */
export function readSafetensors(bytes: Uint8Array, name = UNNAMED): SafeTensors {
  const refuse = refuseIn(name)
  const [text, start] = headerText(bytes, refuse)
  const body = bytes.subarray(start)
  const metadata = new Map<string, string>()
  const slots: Slot[] = []
  for (const [key, value] of Object.entries(parseJsonObject(text, refuse, "header"))) {
    if (key === "__metadata__") readMetadata(value, metadata, refuse)
    else slots.push(readSlot(key, value, body.length, refuse))
  }
  checkCover(slots, body.length, refuse)
  const arrays = slots.map(({ name, dtype, shape, begin, end }): NamedArray => {
    const keep = dtype === "float16" || dtype === "bfloat16" || dtype === "bool"
    return { name, shape, data: decode(body.subarray(begin, end), dtype), ...(keep ? { dtype } : {}) }
  })
  return { arrays, metadata }
}

function headerText(bytes: Uint8Array, refuse: Refuse): [string, number] {
  if (bytes.length < 8) throw refuse("header length", "8 bytes", `${bytes.length}`)
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true)
  if (length > BigInt(Math.min(MAX_HEADER, bytes.length - 8))) {
    throw refuse("header length", `at most ${Math.min(MAX_HEADER, bytes.length - 8)} bytes`, `${length}`)
  }
  const text = decodeUtf8(bytes.subarray(8, 8 + Number(length)), refuse, "header")
  if (!text.startsWith("{")) throw refuse("header", 'JSON that begins with "{"', show(text.slice(0, 20)))
  return [text, 8 + Number(length)]
}

function readMetadata(value: Json, into: Map<string, string>, refuse: Refuse): void {
  if (!isObject(value)) throw refuse("__metadata__", "an object of texts", show(value))
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string") throw refuse(`__metadata__ ${show(key)}`, "a text", show(text))
    into.set(key, text)
  }
}

function readSlot(name: string, value: Json, size: number, refuse: Refuse): Slot {
  const place = `array ${show(name)}`
  if (!isObject(value)) throw refuse(place, "an object", show(value))
  const extra = Object.keys(value).find(key => !["dtype", "shape", "data_offsets"].includes(key))
  if (extra !== undefined) throw refuse(place, "dtype, shape and data_offsets", show(extra))
  const dtype = typeof value.dtype === "string" ? CODES.get(value.dtype) : undefined
  if (!dtype) throw refuse(`dtype of ${place}`, `one of ${[...CODES.keys()].join(" ")}`, show(value.dtype))
  const shape = naturals(value.shape)
  if (!shape) throw refuse(`shape of ${place}`, "whole numbers", show(value.shape))
  const [begin, end] = naturals(value.data_offsets, 2) ?? []
  if (begin === undefined || end === undefined || begin > end || end > size) {
    throw refuse(`data_offsets of ${place}`, `[begin, end] within ${size} bytes`, show(value.data_offsets))
  }
  const need = sizeOf(shape) * DTYPES[dtype].bytes
  if (need !== end - begin) throw refuse(`data of ${place}`, `${need} bytes`, `${end - begin}`)
  return { name, dtype, shape, begin, end }
}

function naturals(value: Json | undefined, length?: number): number[] | undefined {
  if (!Array.isArray(value) || (length !== undefined && value.length !== length)) return undefined
  const numbers = value.filter((item): item is number => Number.isSafeInteger(item) && Number(item) >= 0)
  return numbers.length === value.length ? numbers : undefined
}

function checkCover(slots: readonly Slot[], size: number, refuse: Refuse): void {
  let at = 0
  for (const slot of [...slots].sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (slot.begin !== at)
      throw refuse(`data_offsets of array ${show(slot.name)}`, `to begin at ${at}`, `${slot.begin}`)
    at = slot.end
  }
  if (at !== size) throw refuse("data", `${at} bytes`, `${size}`)
}

/**
 * Writes arrays as `.safetensors`: widest elements first (so that all are aligned), then by name, as the reference
 * implementation orders them; the header is padded with blanks to 8 bytes.
 * @throws FormatError for a name twice, or data that does not fill its shape.
 */
export function writeSafetensors(arrays: readonly NamedArray[], metadata?: ReadonlyMap<string, string>): Uint8Array {
  const refuse = refuseIn("safetensors")
  const rows = arrays.map(array => ({ ...array, dtype: array.dtype ?? dtypeOf(array.data) }))
  rows.sort((a, b) => DTYPES[b.dtype].bytes - DTYPES[a.dtype].bytes || (a.name < b.name ? -1 : 1))
  const header: [string, Json][] = metadata?.size ? [["__metadata__", Object.fromEntries(metadata)]] : []
  const names = new Set(["__metadata__"])
  let at = 0
  const bodies = rows.map(({ name, shape, dtype, data }) => {
    if (names.has(name)) throw refuse(`array ${show(name)}`, "a name of its own", "one that is taken")
    names.add(name)
    if (sizeOf(shape) !== data.length) throw refuse(`array ${show(name)}`, `${sizeOf(shape)} values`, `${data.length}`)
    const body = encode(data, dtype)
    const code = [...CODES].find(([, type]) => type === dtype)![0]
    header.push([name, { dtype: code, shape, data_offsets: [at, at + body.length] }])
    at += body.length
    return body
  })
  return assemble(
    `{${header.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(",")}}`,
    bodies,
    at,
  )
}

function assemble(json: string, bodies: readonly Uint8Array[], size: number): Uint8Array {
  const head = new TextEncoder().encode(json)
  const length = Math.ceil(head.length / 8) * 8
  const out = new Uint8Array(8 + length + size).fill(0x20, 8, 8 + length)
  new DataView(out.buffer).setBigUint64(0, BigInt(length), true)
  out.set(head, 8)
  let at = 8 + length
  for (const body of bodies) {
    out.set(body, at)
    at += body.length
  }
  return out
}
