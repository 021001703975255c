import type { NamedArray } from "./arrays.ts"
import { refuseIn, show, UNNAMED } from "./fail.ts"
import { parseNpy, writeNpy } from "./npy.ts"
import { readZip, writeZip } from "./zip.ts"

/**
 * Reads a NumPy `.npz` archive, plain or compressed, with the limits of `readZip`. Arrays come in the order of the
 * archive; nothing pickled is ever read.
 * @throws FormatError naming the archive and the array.
 */
export function readNpz(bytes: Uint8Array, name = UNNAMED): NamedArray[] {
  const refuse = refuseIn(name)
  return [...readZip(bytes, { name })].map(([member, data]) => {
    if (!member.endsWith(".npy")) throw refuse(`member ${show(member)}`, "an array, NAME.npy", "another kind of file")
    return parseNpy(data, member.slice(0, -4), refuse)
  })
}

/**
 * Writes arrays as `.npz`, stored and not deflated. Names must be unique; `numpy.load(path)[name]` gives the array.
 * @throws FormatError for a name twice.
 */
export function writeNpz(arrays: readonly NamedArray[]): Uint8Array {
  const members = new Map<string, Uint8Array>()
  for (const array of arrays) {
    const member = `${array.name}.npy`
    if (members.has(member)) throw refuseIn("npz")(show(array.name), "one array of a name", "two")
    members.set(member, writeNpy(array))
  }
  return writeZip(members)
}
