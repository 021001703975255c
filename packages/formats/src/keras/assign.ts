import { assign, formatShape } from "@selvedge/core"
import type { Weight } from "@selvedge/layers"
import { toFloat32 } from "../arrays.ts"
import type { Refuse } from "../fail.ts"
import type { Hdf5Dataset } from "../hdf5/types.ts"

/** Values that will go into a weight once everything has been checked. */
export interface Assignment {
  readonly weight: Weight
  readonly values: Float32Array
}

/** True when a stored shape is a weight's shape. */
export function sameDims(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i])
}

/**
 * A stored array for a weight, converted to float32.
 * @throws FormatError when it is missing, holds texts or has another shape.
 */
export function planOne(weight: Weight, stored: Hdf5Dataset | undefined, place: string, refuse: Refuse): Assignment {
  const wanted = `${weight.name || "weight"} ${formatShape(weight.shape)}`
  if (!stored) throw refuse(place, wanted, "no such dataset")
  if (Array.isArray(stored.data)) throw refuse(place, `${wanted} of numbers`, "texts")
  if (!sameDims(stored.shape, weight.shape)) {
    throw refuse(
      place,
      wanted,
      formatShape(stored.shape),
      "the configuration and the stored weights are of different models",
    )
  }
  return { weight, values: toFloat32(stored.data) }
}

/**
 * Puts all values in place. Nothing can fail any more: every shape has been compared. A weight that nobody has looked at
 * takes the array itself, unless that is a part of something larger.
 */
export function applyAll(assignments: readonly Assignment[]): void {
  const taken = new Set<Float32Array>()
  for (const { weight, values } of assignments) {
    weight.skipInitialisation()
    const whole = values.byteLength === values.buffer.byteLength && !taken.has(values)
    if (whole && weight.storage.adopt(values)) taken.add(values)
    else assign(weight, values)
  }
}
