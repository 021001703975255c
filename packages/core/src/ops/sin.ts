import * as math from "../math.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Sine, of radians.                                                       shape kept
 *
 *   y  = sin x
 *   dx += cos(x) dy
 */
export function sin(x: Tensor): Tensor {
  const [a, y] = mapped("sin", x, sinForward)
  return record("sin", y, x.shape, [x], (dy, dx) => dx && sinBackward(a, dy, dx))
}

const sinForward = vectorized("sinForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = math.sin(x[i])
})

const sinBackward = vectorized("sinBackward", (x: Buffer, dy: Buffer, dx: Buffer) => {
  for (let i = 0; i < dx.length; i++) dx[i] += math.cos(x[i]) * dy[i]
})
