import * as simd from "../kernels/simd/index.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Absolute value.                                                         shape kept
 *
 *   y  = |x|
 *   dx += sign(x) dy, 0 at 0
 */
export function abs(x: Tensor): Tensor {
  const [a, y] = mapped("abs", x, absForward)
  return recordVectorized("abs", y, x.shape, [x], (dy, dx) => dx && absBackward(a, dy, dx))
}

const absForward = vectorized(
  "absForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.abs(x[i])
  },
  simd.absForward,
)

const absBackward = vectorized(
  "absBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += Math.sign(x[i]) * dy[i]
  },
  simd.absBackward,
)
