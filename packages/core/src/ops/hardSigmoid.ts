import * as simd from "../kernels/simd/index.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * A sigmoid of three straight pieces.                                     shape kept
 *
 *   y  = min(max(x + 3, 0), 6) / 6
 *   dx += dy / 6 where -3 < x < 3
 *
 * Keras 3's definition; Keras 2 had clip(0.2 x + 0.5, 0, 1).
 */
export function hardSigmoid(x: Tensor): Tensor {
  const [a, y] = mapped("hardSigmoid", x, hardSigmoidForward)
  return record("hardSigmoid", y, x.shape, [x], (dy, dx) => dx && hardSigmoidBackward(a, dy, dx))
}

const hardSigmoidForward = vectorized(
  "hardSigmoidForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(Math.max(x[i] + 3, 0), 6) / 6
  },
  simd.hardSigmoidForward,
)

const hardSigmoidBackward = vectorized(
  "hardSigmoidBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) if (x[i] > -3 && x[i] < 3) dx[i] += dy[i] / 6
  },
  simd.hardSigmoidBackward,
)
