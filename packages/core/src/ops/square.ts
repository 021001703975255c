import * as simd from "../kernels/simd/index.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Square.                                                                 shape kept
 *
 *   y  = x²
 *   dx += 2 x dy
 */
export function square(x: Tensor): Tensor {
  const [a, y] = mapped("square", x, squareForward)
  return recordVectorized("square", y, x.shape, [x], (dy, dx) => dx && squareBackward(a, dy, dx))
}

const squareForward = vectorized(
  "squareForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] * x[i]
  },
  simd.squareForward,
)

const squareBackward = vectorized(
  "squareBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += 2 * x[i] * dy[i]
  },
  simd.squareBackward,
)
