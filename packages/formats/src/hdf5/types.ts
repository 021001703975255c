import type { DType, TypedArray } from "../arrays.ts"

/** What an attribute can hold. `[]` is an empty list, whatever its stored type. */
export type AttributeValue = string | string[] | number | bigint | TypedArray

/** A dataset: row-major values of `shape`. Texts are `string[]`, one per element. */
export interface Hdf5Dataset {
  shape: number[]
  /** Stored type; `"string"` for texts. float16 and bfloat16 are widened to float32 in `data`. */
  dtype: DType | "string"
  data: TypedArray | string[]
  attributes: Map<string, AttributeValue>
}

/** A group: attributes, groups and datasets by name. Maps, because a file may choose names such as `__proto__`. */
export interface Hdf5Group {
  attributes: Map<string, AttributeValue>
  groups: Map<string, Hdf5Group>
  datasets: Map<string, Hdf5Dataset>
}

/** The root group of an HDF5 file. */
export type Hdf5Tree = Hdf5Group

/** An empty group. */
export function emptyGroup(): Hdf5Group {
  return { attributes: new Map(), groups: new Map(), datasets: new Map() }
}

/** A dataset without attributes. */
export function dataset(shape: readonly number[], data: TypedArray, dtype: DType): Hdf5Dataset {
  return { shape: [...shape], dtype, data, attributes: new Map() }
}

/** The group at a `/`-separated path, made with all its parents when it does not exist. */
export function ensureGroup(root: Hdf5Group, path: string): Hdf5Group {
  let group = root
  for (const part of path.split("/").filter(Boolean)) {
    const next = group.groups.get(part) ?? emptyGroup()
    group.groups.set(part, next)
    group = next
  }
  return group
}

/** The group at a `/`-separated path, or undefined. */
export function findGroup(root: Hdf5Group, path: string): Hdf5Group | undefined {
  let group: Hdf5Group | undefined = root
  for (const part of path.split("/").filter(Boolean)) group = group?.groups.get(part)
  return group
}

/** The dataset at a `/`-separated path, or undefined. */
export function findDataset(root: Hdf5Group, path: string): Hdf5Dataset | undefined {
  const cut = path.lastIndexOf("/")
  return findGroup(root, path.slice(0, Math.max(0, cut)))?.datasets.get(path.slice(cut + 1))
}
