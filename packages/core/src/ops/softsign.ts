import * as simd from "../kernels/simd/index.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * A sigmoid with polynomial tails, from -1 to 1.                          shape kept
 *
 *   y  = x / (1 + |x|)
 *   dx += dy / (1 + |x|)²
 */
export function softsign(x: Tensor): Tensor {
  const [a, y] = mapped("softsign", x, softsignForward)
  return record("softsign", y, x.shape, [x], (dy, dx) => dx && softsignBackward(a, dy, dx))
}

const softsignForward = vectorized(
  "softsignForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] / (1 + Math.abs(x[i]))
  },
  simd.softsignForward,
)

const softsignBackward = vectorized(
  "softsignBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) {
      const bottom = 1 + Math.abs(x[i])
      dx[i] += dy[i] / (bottom * bottom)
    }
  },
  simd.softsignBackward,
)
