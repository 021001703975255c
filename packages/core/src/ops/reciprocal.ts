import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Reciprocal.                                                             shape kept
 *
 *   y  = 1 / x
 *   dx += - y² dy
 */
export function reciprocal(x: Tensor): Tensor {
  const [, y] = mapped("reciprocal", x, reciprocalForward)
  return record("reciprocal", y, x.shape, [x], (dy, dx) => dx && reciprocalBackward(y, dy, dx))
}

const reciprocalForward = vectorized("reciprocalForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = 1 / x[i]
})

const reciprocalBackward = vectorized("reciprocalBackward", (y: Buffer, dy: Buffer, dx: Buffer) => {
  for (let i = 0; i < dx.length; i++) dx[i] -= y[i] * y[i] * dy[i]
})
