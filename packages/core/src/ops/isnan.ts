import { type Buffer, mapped, type Tensor, vectorized, wrap } from "./shared/op.ts"

/** 1 where x is NaN, else 0. No gradient. Shape kept. */
export function isnan(x: Tensor): Tensor {
  const [, y] = mapped("isnan", x, isnanForward)
  return wrap(y, x.shape)
}

const isnanForward = vectorized("isnanForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = Number.isNaN(x[i]) ? 1 : 0
})
