import { adopt, DTYPES, type DType, type TypedArray } from "../arrays.ts"
import { type Refuse, show } from "../fail.ts"
import type { Request } from "./engine.ts"
import type { AttributeValue, Hdf5Dataset } from "./types.ts"
import type { Walk } from "./walk.ts"

/** HDF5's type classes that are read. */
const INTEGER = 0
const FLOAT = 1
const STRING = 3
const OPAQUE = 5
const ENUM = 8

/** Filters that come with the library: deflate, shuffle, checksum. */
const FILTERS = new Set([1, 2, 3])
/** Deflate cannot pass about 1030 to 1. */
const MAX_RATIO = 1032
/** Contiguous data beyond this are read in parts of about half of it. */
const SLAB_BYTES = 8 << 20

/** What will be read, checked before any memory is taken for it. */
export interface Plan {
  readonly place: string
  readonly shape: readonly number[]
  /** `"void2"` is two opaque bytes: bfloat16 when the attribute `dtype` says so. */
  readonly dtype: DType | "string" | "void2"
  readonly size: number
  readonly vlen: boolean
  /** Absent when there is nothing to read. */
  readonly request?: Request
}

interface Metadata {
  type: number
  size: number
  signed: boolean
  vlen: boolean
  total_size: number
  shape: number[] | null
  chunks: number[] | null
  virtual_sources?: unknown
  enum_type?: { type: number; members: Record<string, number> }
}

/** Checks an attribute's type and size. */
export function planAttribute(path: string, name: string, metadata: unknown, walk: Walk): Plan {
  const place = `attribute ${show(name)} of ${show(path)}`
  return plan(place, path, name, metadata as Metadata, walk)
}

/**
 * Checks a dataset's type, storage and size. Data without a filter cannot be more than the file; with one, each
 * dataset at most 1032 times the file and all together at most the limit.
 */
export function planDataset(path: string, metadata: unknown, filters: unknown, walk: Walk): Plan {
  const place = `dataset ${show(path)}`
  const info = metadata as Metadata
  if (info.virtual_sources !== undefined) throw walk.refuse(place, "data in this file", "a virtual dataset")
  const packed = (filters as { id: number; name: string }[]).map(filter => {
    if (!FILTERS.has(filter.id)) {
      throw walk.refuse(
        place,
        "gzip, shuffle or fletcher32",
        `filter ${filter.id} ${show(filter.name)}`,
        "store it without this filter",
      )
    }
    return filter.id
  })
  return plan(place, path, null, info, walk, packed.includes(1))
}

function plan(
  place: string,
  path: string,
  attribute: string | null,
  info: Metadata,
  walk: Walk,
  deflated = false,
): Plan {
  const shape = info.shape
  if (shape === null) return { place, shape: [0], dtype: "float64", size: 0, vlen: false }
  const dtype = dtypeFrom(info, place, walk.refuse)
  const count = shape.reduce((product, dim) => product * dim, 1)
  const size = count * info.size
  const whole = [...shape, info.size].every(dim => Number.isSafeInteger(dim) && dim >= 0)
  if (!whole || !Number.isSafeInteger(size) || count !== info.total_size) {
    throw walk.refuse(place, "a shape", `[${shape.join(", ")}] of ${info.size} bytes each`)
  }
  checkBudget(place, size, chunkBytes(info), deflated, walk)
  if (size === 0) return { place, shape, dtype, size, vlen: info.vlen }
  const rows = info.chunks === null && !info.vlen && attribute === null && size > SLAB_BYTES ? shape[0]! : 1
  const slab = Math.max(1, Math.floor(SLAB_BYTES / 2 / (size / rows)))
  const request: Request = { op: "read", path, attribute, size, rows, slab, dims: [...shape], vlen: info.vlen }
  return { place, shape, dtype, size, vlen: info.vlen, request }
}

function chunkBytes(info: Metadata): number {
  return (info.chunks ?? [0]).reduce((product, dim) => product * dim, info.size)
}

function checkBudget(place: string, size: number, chunk: number, deflated: boolean, walk: Walk): void {
  const most = deflated ? Math.min(walk.fileBytes * MAX_RATIO, walk.maxBytes) : walk.fileBytes
  const need = Math.max(size, chunk)
  walk.spent += size
  if (need <= most && walk.spent <= (deflated ? walk.maxBytes : Math.max(walk.fileBytes, walk.maxBytes))) return
  const hint = deflated ? "pass maxBytes if the file is good" : "the file claims data that it cannot hold"
  throw walk.refuse(place, `at most ${most} bytes in a file of ${walk.fileBytes}`, `${need} bytes`, hint)
}

function dtypeFrom(info: Metadata, place: string, refuse: Refuse): Plan["dtype"] {
  const { type, size, signed } = info
  if (type === STRING) return "string"
  if (type === FLOAT && (size === 2 || size === 4 || size === 8))
    return size === 2 ? "float16" : size === 4 ? "float32" : "float64"
  if (type === INTEGER && (size === 1 || size === 2 || size === 4 || size === 8))
    return `${signed ? "int" : "uint"}${bits(size)}`
  if (type === ENUM && size === 1 && info.enum_type?.members.TRUE === 1 && info.enum_type.members.FALSE === 0)
    return "bool"
  if (type === OPAQUE && size === 2) return "void2"
  throw refuse(place, "numbers, texts or booleans", `HDF5 type class ${type} of ${size} bytes`)
}

function bits(size: 1 | 2 | 4 | 8): 8 | 16 | 32 | 64 {
  return size === 1 ? 8 : size === 2 ? 16 : size === 4 ? 32 : 64
}

/** Raw bytes, or texts, as a dataset. */
export function decodeDataset(
  plan: Plan,
  raw: Uint8Array | string[],
  attributes: Map<string, AttributeValue>,
  refuse: Refuse,
): Hdf5Dataset {
  const brain = plan.dtype === "void2" && attributes.get("dtype") === "bfloat16"
  if (plan.dtype === "void2" && !brain) throw refuse(plan.place, "numbers, texts or booleans", "opaque bytes")
  const dtype = plan.dtype === "void2" ? "bfloat16" : plan.dtype
  return { shape: [...plan.shape], dtype, data: values(plan, dtype, raw, refuse), attributes }
}

/** Raw bytes, or texts, as an attribute: a scalar as one value, anything else as an array. */
export function decodeAttribute(plan: Plan, raw: Uint8Array | string[], refuse: Refuse): AttributeValue {
  const dtype = plan.dtype === "void2" ? "uint16" : plan.dtype
  const data = values(plan, dtype, raw, refuse)
  return plan.shape.length === 0 ? data[0]! : data
}

function values(
  plan: Plan,
  dtype: DType | "string",
  raw: Uint8Array | string[],
  refuse: Refuse,
): TypedArray | string[] {
  if (Array.isArray(raw)) return raw
  if (dtype === "string") return fixedStrings(plan, raw, refuse)
  if (raw.length % DTYPES[dtype].bytes !== 0) throw refuse(plan.place, `elements of ${dtype}`, `${raw.length} bytes`)
  return adopt(raw, dtype)
}

function fixedStrings(plan: Plan, raw: Uint8Array, refuse: Refuse): string[] {
  const count = plan.shape.reduce((product, dim) => product * dim, 1)
  const width = count === 0 ? 0 : raw.length / count
  const decoder = new TextDecoder("utf-8", { fatal: true })
  return Array.from({ length: count }, (_, i) => {
    const bytes = raw.subarray(i * width, (i + 1) * width)
    const end = bytes.indexOf(0)
    try {
      return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end))
    } catch {
      throw refuse(plan.place, "UTF-8 text", "other bytes")
    }
  })
}
