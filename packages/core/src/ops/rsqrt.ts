import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Reciprocal square root.                                                 shape kept
 *
 *   y  = 1 / √x
 *   dx += - y³ dy / 2
 */
export function rsqrt(x: Tensor): Tensor {
  const [, y] = mapped("rsqrt", x, rsqrtForward)
  return record("rsqrt", y, x.shape, [x], (dy, dx) => dx && rsqrtBackward(y, dy, dx))
}

const rsqrtForward = vectorized("rsqrtForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = 1 / Math.sqrt(x[i])
})

const rsqrtBackward = vectorized("rsqrtBackward", (y: Buffer, dy: Buffer, dx: Buffer) => {
  for (let i = 0; i < dx.length; i++) dx[i] -= 0.5 * y[i] * y[i] * y[i] * dy[i]
})
