import * as simd from "../kernels/simd/index.ts"
import * as math from "../math.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Logarithm of the sigmoid.                                               shape kept
 *
 *   y  = log(sigmoid(x)) = -softplus(-x)
 *   dx += sigmoid(-x) dy
 */
export function logSigmoid(x: Tensor): Tensor {
  const [a, y] = mapped("logSigmoid", x, logSigmoidForward)
  return record("logSigmoid", y, x.shape, [x], (dy, dx) => dx && logSigmoidBackward(a, dy, dx))
}

const logSigmoidForward = vectorized(
  "logSigmoidForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = -math.softplus(-x[i])
  },
  simd.logSigmoidForward,
)

const logSigmoidBackward = vectorized(
  "logSigmoidBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += math.sigmoid(-x[i]) * dy[i]
  },
  simd.logSigmoidBackward,
)
