import * as math from "../math.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Cosine, of radians.                                                     shape kept
 *
 *   y  = cos x
 *   dx += - sin(x) dy
 */
export function cos(x: Tensor): Tensor {
  const [a, y] = mapped("cos", x, cosForward)
  return record("cos", y, x.shape, [x], (dy, dx) => dx && cosBackward(a, dy, dx))
}

const cosForward = vectorized("cosForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = math.cos(x[i])
})

const cosBackward = vectorized("cosBackward", (x: Buffer, dy: Buffer, dx: Buffer) => {
  for (let i = 0; i < dx.length; i++) dx[i] -= math.sin(x[i]) * dy[i]
})
