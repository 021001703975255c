import * as math from "../math.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Natural logarithm of one plus x.                                        shape kept
 *
 *   y  = log(1 + x); -Infinity at -1, NaN below
 *   dx += dy / (1 + x)
 *
 * Keeps its digits near 0, where log(1 + x) would lose them.
 */
export function log1p(x: Tensor): Tensor {
  const [a, y] = mapped("log1p", x, log1pForward)
  return record("log1p", y, x.shape, [x], (dy, dx) => dx && log1pBackward(a, dy, dx))
}

const log1pForward = vectorized("log1pForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = math.log1p(x[i])
})

const log1pBackward = vectorized("log1pBackward", (x: Buffer, dy: Buffer, dx: Buffer) => {
  for (let i = 0; i < dx.length; i++) dx[i] += dy[i] / (1 + x[i])
})
