import * as simd from "../kernels/simd/index.ts"
import * as math from "../math.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Hyperbolic tangent, from -1 to 1.                                       shape kept
 *
 *   y  = (e^x - e^-x) / (e^x + e^-x)
 *   dx += (1 - y²) dy
 */
export function tanh(x: Tensor): Tensor {
  const [, y] = mapped("tanh", x, tanhForward)
  return recordVectorized("tanh", y, x.shape, [x], (dy, dx) => dx && tanhBackward(y, dy, dx))
}

const tanhForward = vectorized(
  "tanhForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = math.tanh(x[i])
  },
  simd.tanhForward,
)

const tanhBackward = vectorized(
  "tanhBackward",
  (y: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += (1 - y[i] * y[i]) * dy[i]
  },
  simd.tanhBackward,
)
