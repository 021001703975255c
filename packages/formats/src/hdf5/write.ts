import { FormatError } from "@selvedge/core"
import type { Group } from "h5wasm"
import type { TypedArray } from "../arrays.ts"
import { show } from "../fail.ts"
import { loadH5 } from "./engine.ts"
import type { AttributeValue, Hdf5Dataset, Hdf5Tree } from "./types.ts"

/** h5wasm's type codes; its own float16 cannot be written. */
const CODES = {
  float32: "<f",
  float64: "<d",
  int8: "<b",
  int16: "<h",
  int32: "<i",
  int64: "<q",
  uint8: "<B",
  uint16: "<H",
  uint32: "<I",
  uint64: "<Q",
} as const

let counter = 0

/**
 * Writes a tree as an HDF5 file as h5py would: a text as a variable-length UTF-8 scalar, a list of texts as
 * fixed-length strings, an empty list as an empty float64 array, numbers in their own type.
 *
 * @throws FormatError for float16 and bfloat16 (widen them), and for data that does not fill its shape.
 */
export async function writeHdf5(tree: Hdf5Tree): Promise<Uint8Array> {
  const { h5, module } = await loadH5()
  const path = `/write-${counter++}.h5`
  try {
    const file = new h5.File(path, "w")
    try {
      writeGroup(file, tree, "")
    } finally {
      file.close()
    }
    return module.FS.readFile(path)
  } finally {
    if (module.FS.analyzePath(path).exists) module.FS.unlink(path)
  }
}

function writeGroup(target: Group, group: Hdf5Tree, path: string): void {
  for (const [name, value] of group.attributes) writeAttribute(target, name, value, path)
  for (const [name, data] of group.datasets) writeDataset(target, name, data, `${path}/${name}`)
  for (const [name, child] of group.groups) {
    checkName(name, path)
    writeGroup(target.create_group(name), child, `${path}/${name}`)
  }
}

function writeDataset(target: Group, name: string, source: Hdf5Dataset, path: string): void {
  checkName(name, path)
  const { shape, data } = source
  const count = shape.reduce((product, dim) => product * dim, 1)
  if (data.length !== count)
    throw new FormatError(`HDF5 ${path}: [${shape.join(", ")}] needs ${count} values, got ${data.length}`)
  const made = Array.isArray(data)
    ? target.create_dataset({ name, data, shape, dtype: `A${widest(data)}` })
    : target.create_dataset({ name, data, shape, dtype: codeOf(source.dtype, path) })
  for (const [key, value] of source.attributes) writeAttribute(made, key, value, path)
}

function writeAttribute(
  target: Pick<Group, "create_attribute">,
  name: string,
  value: AttributeValue,
  path: string,
): void {
  if (typeof value === "string") {
    if (value.includes("\0"))
      throw new FormatError(`HDF5 attribute ${name} of ${path || "/"}: a text may not contain a NUL`)
    target.create_attribute(name, value, [], "S")
  } else if (typeof value === "number") {
    const integer = Number.isSafeInteger(value)
    target.create_attribute(
      name,
      integer ? BigInt64Array.of(BigInt(value)) : Float64Array.of(value),
      [],
      integer ? "<q" : "<d",
    )
  } else if (typeof value === "bigint") target.create_attribute(name, BigInt64Array.of(value), [], "<q")
  else if (!Array.isArray(value)) target.create_attribute(name, value, [value.length], codeOf(dtypeName(value), path))
  else if (value.length === 0) target.create_attribute(name, new Float64Array(0), [0], "<d")
  else target.create_attribute(name, value, [value.length], `A${widest(value)}`)
}

function dtypeName(data: TypedArray): string {
  return data.constructor.name
    .replace(/Array$/, "")
    .replace(/^Big/, "")
    .toLowerCase()
}

function codeOf(dtype: string, path: string): string {
  const code = Object.hasOwn(CODES, dtype) ? CODES[dtype as keyof typeof CODES] : undefined
  if (code) return code
  if (dtype === "bool") return CODES.uint8
  throw new FormatError(`HDF5 ${path}: ${dtype} cannot be written`, { hint: "store it as float32" })
}

function checkName(name: string, path: string): void {
  if (name === "" || name === "." || /[/\0]/.test(name)) {
    throw new FormatError(`HDF5 ${path}: ${show(name)} is no name for an object`, { rule: "not empty, no slash" })
  }
}

function widest(texts: readonly string[]): number {
  const encoder = new TextEncoder()
  return texts.reduce((width, text) => Math.max(width, encoder.encode(text).length), 1)
}
