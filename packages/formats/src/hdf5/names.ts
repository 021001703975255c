import { FormatError } from "@selvedge/core"
import { type Refuse, show } from "../fail.ts"
import type { AttributeValue } from "./types.ts"

/** Most that one attribute can hold in an HDF5 object header, as Keras counts it. */
export const MAX_ATTRIBUTE_BYTES = 64512

/**
 * Stores a list of names as Keras does (`save_attributes_to_hdf5_group`): one attribute of fixed-length strings, or
 * `name0`, `name1`, ... when it would not fit one object header. An empty list is an empty attribute.
 * @throws FormatError when a single name does not fit.
 */
export function setNames(attributes: Map<string, AttributeValue>, name: string, names: readonly string[]): void {
  const width = Math.max(1, ...names.map(byteLength))
  if (width > MAX_ATTRIBUTE_BYTES) {
    throw new FormatError(`HDF5 attribute ${name}: a name of ${width} bytes does not fit ${MAX_ATTRIBUTE_BYTES}`)
  }
  if (width * names.length <= MAX_ATTRIBUTE_BYTES) {
    attributes.set(name, [...names])
    return
  }
  const perPart = Math.floor(MAX_ATTRIBUTE_BYTES / width)
  for (let part = 0; part * perPart < names.length; part++) {
    attributes.set(`${name}${part}`, names.slice(part * perPart, (part + 1) * perPart))
  }
}

/**
 * The list that `setNames` or Keras stored, or undefined when there is none.
 * @throws FormatError when it is not a list of texts.
 */
export function getNames(
  attributes: ReadonlyMap<string, AttributeValue>,
  name: string,
  refuse: Refuse,
  place: string,
): string[] | undefined {
  if (attributes.has(name)) return asNames(attributes.get(name)!, refuse, `${place} attribute ${name}`)
  if (!attributes.has(`${name}0`)) return undefined
  const all: string[] = []
  for (let part = 0; attributes.has(`${name}${part}`); part++) {
    all.push(...asNames(attributes.get(`${name}${part}`)!, refuse, `${place} attribute ${name}${part}`))
  }
  return all
}

function asNames(value: AttributeValue, refuse: Refuse, place: string): string[] {
  if (Array.isArray(value)) return value
  // An empty list is written as an empty float64 array.
  if (ArrayBuffer.isView(value) && value.length === 0) return []
  throw refuse(place, "a list of names", show(value))
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length
}
