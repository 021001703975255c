import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Sign.                                                                   shape kept
 *
 *   y  = 1 where x > 0, -1 where x < 0, else x
 *   dx += 0
 */
export function sign(x: Tensor): Tensor {
  const [, y] = mapped("sign", x, signForward)
  return record("sign", y, x.shape, [x], () => undefined)
}

const signForward = vectorized("signForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.sign(x[i])
})
