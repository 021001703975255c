import * as simd from "../kernels/simd/index.ts"
import { whereAtLeast, whereNotAtLeast } from "./shared/extremes.ts"
import { type Buffer, record, type Tensor, vectorized } from "./shared/op.ts"
import { entrywise, type Operand } from "./shared/stretch.ts"

/**
 * The smaller of two, entry by entry; for the smallest of one tensor see `min`. a, b: broadcast
 *
 *   y  = min(a, b)
 *   da += dy where a <= b
 *   db += dy where a > b
 *
 * Where both are equal, a takes the gradient, as in TensorFlow.
 * @throws ShapeError when the shapes do not broadcast.
 */
export function minimum(a: Operand, b: Operand): Tensor {
  const { u, v, y, shape } = entrywise("minimum", a, b, minimumForward)
  return record("minimum", y, shape, [u.tensor, v.tensor], (dy, da, db) => {
    u.gather(da, full => whereAtLeast(v.data, u.data, dy, full))
    v.gather(db, full => whereNotAtLeast(v.data, u.data, dy, full))
  })
}

const minimumForward = vectorized(
  "minimumForward",
  (a: Buffer, b: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(a[i], b[i])
  },
  simd.minimumForward,
)
