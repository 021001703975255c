import * as simd from "../kernels/simd/index.ts"
import * as math from "../math.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Logistic function, from 0 to 1.                                         shape kept
 *
 *   y  = 1 / (1 + e^-x), computed with e^-|x| so that nothing overflows
 *   dx += y (1 - y) dy
 *
 * The output remembers x as its `logits`, from which a cross-entropy computes a stable gradient.
 */
export function sigmoid(x: Tensor): Tensor {
  const [a, s] = [operand("sigmoid", x), alloc(x.size)]
  sigmoidForward(a, s)
  const y = recordVectorized("sigmoid", s, x.shape, [x], (dy, dx) => dx && sigmoidBackward(s, dy, dx))
  y.logits = x
  return y
}

const sigmoidForward = vectorized(
  "sigmoidForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = math.sigmoid(x[i])
  },
  simd.sigmoidForward,
)

const sigmoidBackward = vectorized(
  "sigmoidBackward",
  (y: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += y[i] * (1 - y[i]) * dy[i]
  },
  simd.sigmoidBackward,
)
