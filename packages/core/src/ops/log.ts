import * as simd from "../kernels/simd/index.ts"
import * as math from "../math.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Natural logarithm.                                                      shape kept
 *
 *   y  = log x; -Infinity at 0, NaN below
 *   dx += dy / x
 */
export function log(x: Tensor): Tensor {
  const [a, y] = mapped("log", x, logForward)
  return recordVectorized("log", y, x.shape, [x], (dy, dx) => dx && logBackward(a, dy, dx))
}

const logForward = vectorized(
  "logForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = math.log(x[i])
  },
  simd.logForward,
)

const logBackward = vectorized(
  "logBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += dy[i] / x[i]
  },
  simd.logBackward,
)
