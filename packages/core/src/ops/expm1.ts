import * as math from "../math.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Exponential minus one.                                                  shape kept
 *
 *   y  = e^x - 1
 *   dx += (y + 1) dy
 *
 * Keeps its digits near 0, where e^x - 1 would lose them.
 */
export function expm1(x: Tensor): Tensor {
  const [, y] = mapped("expm1", x, expm1Forward)
  return record("expm1", y, x.shape, [x], (dy, dx) => dx && expm1Backward(y, dy, dx))
}

const expm1Forward = vectorized("expm1Forward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = math.expm1(x[i])
})

const expm1Backward = vectorized("expm1Backward", (y: Buffer, dy: Buffer, dx: Buffer) => {
  for (let i = 0; i < dx.length; i++) dx[i] += (y[i] + 1) * dy[i]
})
