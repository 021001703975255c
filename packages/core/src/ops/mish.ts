import * as simd from "../kernels/simd/index.ts"
import { sigmoid, softplus, tanh } from "../math.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Mish.                                                                   shape kept
 *
 *   y  = x t, t = tanh(softplus(x))
 *   dx += (t + x (1 - t²) sigmoid(x)) dy
 *
 * Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.
 */
export function mish(x: Tensor): Tensor {
  const [a, y] = mapped("mish", x, mishForward)
  return recordVectorized("mish", y, x.shape, [x], (dy, dx) => dx && mishBackward(a, dy, dx))
}

const mishForward = vectorized(
  "mishForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] * tanh(softplus(x[i]))
  },
  simd.mishForward,
)

const mishBackward = vectorized(
  "mishBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) {
      const t = tanh(softplus(x[i]))
      dx[i] += (t + x[i] * (1 - t * t) * sigmoid(x[i])) * dy[i]
    }
  },
  simd.mishBackward,
)
