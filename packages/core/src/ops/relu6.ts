import * as simd from "../kernels/simd/index.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Rectifier that saturates at 6.                                          shape kept
 *
 *   y  = min(max(x, 0), 6)
 *   dx += dy where 0 < x < 6
 *
 * @see https://keras.io/api/layers/activations/#relu6-function
 */
export function relu6(x: Tensor): Tensor {
  const [a, y] = mapped("relu6", x, relu6Forward)
  return record("relu6", y, x.shape, [x], (dy, dx) => dx && relu6Backward(a, dy, dx))
}

const relu6Forward = vectorized(
  "relu6Forward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(Math.max(x[i], 0), 6)
  },
  simd.relu6Forward,
)

const relu6Backward = vectorized(
  "relu6Backward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) if (x[i] > 0 && x[i] < 6) dx[i] += dy[i]
  },
  simd.relu6Backward,
)
