import { DTYPES, type DType, decode, dtypeOf, encode, fromFortran, type NamedArray, sizeOf } from "./arrays.ts"
import { type Refuse, refuseIn, show, UNNAMED } from "./fail.ts"

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]

/** NumPy's type codes, without the byte order. */
const CODES = new Map<string, DType>([
  ["f2", "float16"],
  ["f4", "float32"],
  ["f8", "float64"],
  ["i1", "int8"],
  ["i2", "int16"],
  ["i4", "int32"],
  ["i8", "int64"],
  ["u1", "uint8"],
  ["u2", "uint16"],
  ["u4", "uint32"],
  ["u8", "uint64"],
  ["b1", "bool"],
])

interface Header {
  descr: string
  fortran: boolean
  shape: number[]
}

/**
 * Reads one NumPy array file, versions 1 to 3 (numpy.lib.format), C or Fortran order, either byte order. The header is
 * a Python dictionary; it is matched against the one form NumPy writes and never evaluated. float16 is widened to
 * float32; the result is always row-major.
 *
 * @throws FormatError for anything else; object arrays are refused, because they hold pickled Python objects.
 */
export function readNpy(bytes: Uint8Array, name = UNNAMED): NamedArray {
  return parseNpy(bytes, name, refuseIn(name))
}

/** `readNpy` for an array inside an archive: `refuse` names the archive. */
export function parseNpy(bytes: Uint8Array, name: string, refuse: Refuse): NamedArray {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw refuse(place(name, "magic"), "\\x93NUMPY", "other bytes")
  const version = bytes[6] ?? 0
  if (version < 1 || version > 3) throw refuse(place(name, "version"), "1, 2 or 3", String(version))
  const wide = version > 1
  const start = wide ? 12 : 10
  if (bytes.length < start) throw refuse(place(name, "header"), `${start} bytes`, `${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = wide ? view.getUint32(8, true) : view.getUint16(8, true)
  if (start + length > bytes.length) {
    throw refuse(place(name, "header"), `${length} bytes`, `${bytes.length - start}`, "the file is cut off")
  }
  const text = new TextDecoder(version === 3 ? "utf-8" : "latin1").decode(bytes.subarray(start, start + length))
  return readValues(bytes.subarray(start + length), parseHeader(text, name, refuse), name, refuse)
}

function readValues(body: Uint8Array, header: Header, name: string, refuse: Refuse): NamedArray {
  const { descr, fortran, shape } = header
  const dtype = CODES.get(descr.slice(1))
  const order = descr[0] ?? ""
  if (descr === "|O") {
    throw refuse(place(name, "descr"), "numbers", "pickled Python objects", "save it in NumPy with allow_pickle=False")
  }
  if (!dtype || !"<>|=".includes(order)) {
    throw refuse(place(name, "descr"), `one of ${[...CODES.keys()].join(" ")}`, show(descr))
  }
  const need = sizeOf(shape) * DTYPES[dtype].bytes
  if (!Number.isSafeInteger(need) || body.length !== need) {
    throw refuse(place(name, "data"), `${need} bytes for ${descr} [${shape.join(", ")}]`, `${body.length}`)
  }
  const data = decode(body, dtype, order === ">")
  const ordered = fortran && shape.length > 1 ? fromFortran(data, shape) : data
  const keep = dtype === "float16" || dtype === "bool"
  return { name, shape, data: ordered, ...(keep ? { dtype } : {}) }
}

/** `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, keys in any order, padded with blanks and a newline. */
function parseHeader(text: string, name: string, refuse: Refuse): Header {
  const fields = new Map<string, string>()
  const inner = /^\{(.*)\}[ ]*\n?$/s.exec(text)?.[1]
  let rest = inner?.trim() ?? ""
  while (rest !== "") {
    const match = /^'(\w+)':\s*('[^'\\]*'|True|False|\([\d,\s]*\)|\[[^\]]*\])\s*(?:,\s*|$)/.exec(rest)
    if (!match || fields.has(match[1]!)) break
    fields.set(match[1]!, match[2]!)
    rest = rest.slice(match[0].length)
  }
  const descr = fields.get("descr")
  const order = fields.get("fortran_order")
  const shape = parseShape(fields.get("shape"))
  if (rest !== "" || fields.size !== 3 || !descr || !shape || (order !== "True" && order !== "False")) {
    throw refuse(place(name, "header"), "{'descr': ..., 'fortran_order': ..., 'shape': (...), }", show(text.trim()))
  }
  if (!descr.startsWith("'")) throw refuse(place(name, "descr"), "a plain type", "a structured one")
  return { descr: descr.slice(1, -1), fortran: order === "True", shape }
}

function parseShape(text: string | undefined): number[] | undefined {
  const match = text && /^\(\s*(?:(\d{1,15}(?:\s*,\s*\d{1,15})*)\s*(?:,\s*)?)?\)$/.exec(text)
  if (!match) return undefined
  const dims = match[1] === undefined ? [] : match[1].split(",").map(Number)
  // "(3)" is a number in Python, not a shape.
  return dims.length === 1 && !text.includes(",") ? undefined : dims
}

function place(name: string, what: string): string {
  return `${what} of ${show(name)}`
}

/** Writes one array as `.npy` version 1 (2 when the header is long), C order, little-endian. */
export function writeNpy(array: NamedArray): Uint8Array {
  const dtype = array.dtype ?? dtypeOf(array.data)
  const code = [...CODES].find(([, type]) => type === dtype)?.[0]
  const known = refuseIn(array.name)
  if (!code)
    throw known("dtype", `one of ${[...CODES.values()].join(" ")}`, dtype, "NumPy has no bfloat16: store float32")
  if (sizeOf(array.shape) !== array.data.length) {
    throw known("data", `${sizeOf(array.shape)} values for [${array.shape.join(", ")}]`, `${array.data.length}`)
  }
  const order = DTYPES[dtype].bytes === 1 ? "|" : "<"
  const shape = array.shape.length === 1 ? `(${array.shape[0]},)` : `(${array.shape.join(", ")})`
  const dictionary = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': ${shape}, }`
  const wide = dictionary.length > 65000
  const start = wide ? 12 : 10
  // NumPy aligns the data to 64 bytes so that it can be mapped.
  const text = dictionary.padEnd(Math.ceil((start + dictionary.length + 1) / 64) * 64 - start - 1)
  const body = encode(array.data, dtype)
  const out = new Uint8Array(start + text.length + 1 + body.length)
  const view = new DataView(out.buffer)
  out.set([...MAGIC, wide ? 2 : 1, 0])
  if (wide) view.setUint32(8, text.length + 1, true)
  else view.setUint16(8, text.length + 1, true)
  out.set(new TextEncoder().encode(`${text}\n`), start)
  out.set(body, start + text.length + 1)
  return out
}
