import * as simd from "../kernels/simd/index.ts"
import { accumulateProduct } from "./shared/accumulate.ts"
import { type Buffer, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"
import { entrywise, type Operand } from "./shared/stretch.ts"

/**
 * Product, entry by entry; for matrices see `matmul`.                     a, b: broadcast
 *
 *   y  = a b
 *   da += b dy
 *   db += a dy
 * @throws ShapeError when the shapes do not broadcast.
 */
export function mul(a: Operand, b: Operand): Tensor {
  const { u, v, y, shape } = entrywise("mul", a, b, mulForward)
  return recordVectorized("mul", y, shape, [u.tensor, v.tensor], (dy, da, db) => {
    u.gather(da, full => accumulateProduct(v.data, dy, full))
    v.gather(db, full => accumulateProduct(u.data, dy, full))
  })
}

const mulForward = vectorized(
  "mulForward",
  (a: Buffer, b: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = a[i] * b[i]
  },
  simd.mulForward,
)
