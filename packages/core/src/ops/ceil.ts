import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Smallest integer not below x.                                           shape kept
 *
 *   y  = ⌈x⌉
 *   dx += 0
 */
export function ceil(x: Tensor): Tensor {
  const [, y] = mapped("ceil", x, ceilForward)
  return record("ceil", y, x.shape, [x], () => undefined)
}

const ceilForward = vectorized("ceilForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.ceil(x[i])
})
