import * as simd from "../kernels/simd/index.ts"
import * as math from "../math.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Smooth rectifier.                                                       shape kept
 *
 *   y  = log(1 + e^x) = max(x, 0) + log1p(e^-|x|)
 *   dx += sigmoid(x) dy
 *
 * The second form never overflows and keeps its digits for very negative x.
 */
export function softplus(x: Tensor): Tensor {
  const [a, y] = mapped("softplus", x, softplusForward)
  return recordVectorized("softplus", y, x.shape, [x], (dy, dx) => dx && softplusBackward(a, dy, dx))
}

const softplusForward = vectorized(
  "softplusForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = math.softplus(x[i])
  },
  simd.softplusForward,
)

const softplusBackward = vectorized(
  "softplusBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += math.sigmoid(x[i]) * dy[i]
  },
  simd.softplusBackward,
)
