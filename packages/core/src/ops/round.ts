import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Nearest integer, halves to the even one, as in NumPy.                   shape kept
 *
 *   y  = round(x)
 *   dx += 0
 */
export function round(x: Tensor): Tensor {
  const [, y] = mapped("round", x, roundForward)
  return record("round", y, x.shape, [x], () => undefined)
}

const roundForward = vectorized("roundForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) {
    const up = Math.round(x[i])
    // Math.round takes every half up: one too far when that is odd.
    y[i] = up - x[i] === 0.5 && up % 2 !== 0 ? up - 1 : up
  }
})
