import * as simd from "../kernels/simd/index.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Square root.                                                            shape kept
 *
 *   y  = √x; NaN below 0
 *   dx += dy / (2 y), infinite at 0
 */
export function sqrt(x: Tensor): Tensor {
  const [, y] = mapped("sqrt", x, sqrtForward)
  return recordVectorized("sqrt", y, x.shape, [x], (dy, dx) => dx && sqrtBackward(y, dy, dx))
}

const sqrtForward = vectorized(
  "sqrtForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(x[i])
  },
  simd.sqrtForward,
)

const sqrtBackward = vectorized(
  "sqrtBackward",
  (y: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += dy[i] / (2 * y[i])
  },
  simd.sqrtBackward,
)
