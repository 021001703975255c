import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Largest integer not above x.                                            shape kept
 *
 *   y  = ⌊x⌋
 *   dx += 0
 */
export function floor(x: Tensor): Tensor {
  const [, y] = mapped("floor", x, floorForward)
  return record("floor", y, x.shape, [x], () => undefined)
}

const floorForward = vectorized("floorForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = Math.floor(x[i])
})
