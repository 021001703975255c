import * as simd from "../kernels/simd/index.ts"
import { accumulate } from "./shared/accumulate.ts"
import { type Buffer, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"
import { entrywise, type Operand } from "./shared/stretch.ts"

/**
 * Sum.                                                                    a, b: broadcast
 *
 *   y  = a + b
 *   da += dy
 *   db += dy
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function add(a: Operand, b: Operand): Tensor {
  const { u, v, y, shape } = entrywise("add", a, b, addForward)
  return recordVectorized("add", y, shape, [u.tensor, v.tensor], (dy, da, db) => {
    u.gather(da, full => accumulate(dy, full))
    v.gather(db, full => accumulate(dy, full))
  })
}

const addForward = vectorized(
  "addForward",
  (a: Buffer, b: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = a[i] + b[i]
  },
  simd.addForward,
)
