import * as simd from "../kernels/simd/index.ts"
import { type Buffer, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"
import { entrywise, type Operand } from "./shared/stretch.ts"

/**
 * Quotient.                                                               a, b: broadcast
 *
 *   y  = a / b
 *   da += dy / b
 *   db += - y dy / b
 * @throws ShapeError when the shapes do not broadcast.
 */
export function div(a: Operand, b: Operand): Tensor {
  const { u, v, y, shape } = entrywise("div", a, b, divForward)
  return recordVectorized("div", y, shape, [u.tensor, v.tensor], (dy, da, db) => {
    u.gather(da, full => divLeftBackward(v.data, dy, full))
    v.gather(db, full => divRightBackward(v.data, y, dy, full))
  })
}

const divForward = vectorized(
  "divForward",
  (a: Buffer, b: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = a[i] / b[i]
  },
  simd.divForward,
)

const divLeftBackward = vectorized(
  "divLeftBackward",
  (b: Buffer, dy: Buffer, da: Buffer) => {
    for (let i = 0; i < da.length; i++) da[i] += dy[i] / b[i]
  },
  simd.divLeftBackward,
)

const divRightBackward = vectorized(
  "divRightBackward",
  (b: Buffer, y: Buffer, dy: Buffer, db: Buffer) => {
    for (let i = 0; i < db.length; i++) db[i] -= (y[i] / b[i]) * dy[i]
  },
  simd.divRightBackward,
)
