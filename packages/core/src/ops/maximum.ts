import * as simd from "../kernels/simd/index.ts"
import { whereAtLeast, whereNotAtLeast } from "./shared/extremes.ts"
import { type Buffer, record, type Tensor, vectorized } from "./shared/op.ts"
import { entrywise, type Operand } from "./shared/stretch.ts"

/**
 * The larger of two, entry by entry; for the largest of one tensor see `max`. a, b: broadcast
 *
 *   y  = max(a, b)
 *   da += dy where a >= b
 *   db += dy where a < b
 *
 * Where both are equal, a takes the gradient, as in TensorFlow.
 * @throws ShapeError when the shapes do not broadcast.
 */
export function maximum(a: Operand, b: Operand): Tensor {
  const { u, v, y, shape } = entrywise("maximum", a, b, maximumForward)
  return record("maximum", y, shape, [u.tensor, v.tensor], (dy, da, db) => {
    u.gather(da, full => whereAtLeast(u.data, v.data, dy, full))
    v.gather(db, full => whereNotAtLeast(u.data, v.data, dy, full))
  })
}

const maximumForward = vectorized(
  "maximumForward",
  (a: Buffer, b: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(a[i], b[i])
  },
  simd.maximumForward,
)
