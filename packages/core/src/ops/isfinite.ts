import { type Buffer, mapped, type Tensor, vectorized, wrap } from "./shared/op.ts"

/** 1 where x is neither infinite nor NaN, else 0. No gradient. Shape kept. */
export function isfinite(x: Tensor): Tensor {
  const [, y] = mapped("isfinite", x, isfiniteForward)
  return wrap(y, x.shape)
}

const isfiniteForward = vectorized("isfiniteForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = Number.isFinite(x[i]) ? 1 : 0
})
