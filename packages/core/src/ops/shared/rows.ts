import { describe, OptionError } from "../../errors.ts"
import { isTensor } from "../../tensor.ts"
import { type Buffer, read, type Tensor, vectorized } from "./op.ts"

/** Positions along an axis: a tensor of whole numbers, or a plain or typed array. */
export type Indices = Tensor | ArrayLike<number>

/**
 * Indices as integers from 0 to n - 1; negative ones count from the end.
 * @throws OptionError naming the first that is out of range.
 */
export function resolveIndices(op: string, indices: Indices, n: number): Int32Array {
  const values = isTensor(indices) ? read(op, indices) : indices
  if (typeof values !== "object" || typeof values?.length !== "number") {
    throw new OptionError(`${op}: indices are a list or a tensor, got ${describe(values)}`)
  }
  return Int32Array.from(values, (index: number, i: number) => {
    if (Number.isInteger(index) && index >= -n && index < n) return index < 0 ? index + n : index
    throw new OptionError(`${op}: index ${index} at position ${i} is out of range`, {
      rule: `an index is an integer from ${-n} to ${n - 1}`,
    })
  })
}

/** y[o, i] = x[o, indices[i]], entries being blocks of `inner` numbers. */
export const takeRows = vectorized(
  "takeRows",
  (x: Buffer, indices: Int32Array, y: Buffer, outer: number, n: number, inner: number) => {
    for (let o = 0, at = 0; o < outer; o++) {
      for (let i = 0; i < indices.length; i++, at += inner) {
        const from = (o * n + indices[i]) * inner
        for (let j = 0; j < inner; j++) y[at + j] = x[from + j]
      }
    }
  },
)

/** dx[o, indices[i]] += dy[o, i]: an entry taken twice gets both. */
export const addRows = vectorized(
  "addRows",
  (dy: Buffer, indices: Int32Array, dx: Buffer, outer: number, n: number, inner: number) => {
    for (let o = 0, at = 0; o < outer; o++) {
      for (let i = 0; i < indices.length; i++, at += inner) {
        const to = (o * n + indices[i]) * inner
        for (let j = 0; j < inner; j++) dx[to + j] += dy[at + j]
      }
    }
  },
)
