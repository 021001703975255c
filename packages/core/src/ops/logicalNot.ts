import { type Buffer, mapped, type Tensor, vectorized, wrap } from "./shared/op.ts"

/** 1 where x is 0, else 0. No gradient. Shape kept. */
export function logicalNot(x: Tensor): Tensor {
  const [, y] = mapped("logicalNot", x, logicalNotForward)
  return wrap(y, x.shape)
}

const logicalNotForward = vectorized("logicalNotForward", (x: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = x[i] === 0 ? 1 : 0
})
