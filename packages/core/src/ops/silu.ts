import * as simd from "../kernels/simd/index.ts"
import { sigmoid } from "../math.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Sigmoid linear unit, also called swish.                                 shape kept
 *
 *   y  = x s, s = sigmoid(x)
 *   dx += s (1 + x (1 - s)) dy
 *
 * Ramachandran, Zoph, Le, "Searching for Activation Functions", 2017.
 */
export function silu(x: Tensor): Tensor {
  const [a, y] = mapped("silu", x, siluForward)
  return recordVectorized("silu", y, x.shape, [x], (dy, dx) => dx && siluBackward(a, dy, dx))
}

const siluForward = vectorized(
  "siluForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] * sigmoid(x[i])
  },
  simd.siluForward,
)

const siluBackward = vectorized(
  "siluBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) {
      const s = sigmoid(x[i])
      dx[i] += s * (1 + x[i] * (1 - s)) * dy[i]
    }
  },
  simd.siluBackward,
)
