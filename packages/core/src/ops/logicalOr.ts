import { type Buffer, type Tensor, vectorized, wrap } from "./shared/op.ts"
import { entrywise, type Operand } from "./shared/stretch.ts"

/**
 * 1 where a or b is other than 0, else 0. No gradient.                 a, b: broadcast
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function logicalOr(a: Operand, b: Operand): Tensor {
  const { y, shape } = entrywise("logicalOr", a, b, logicalOrForward)
  return wrap(y, shape)
}

const logicalOrForward = vectorized("logicalOrForward", (a: Buffer, b: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = a[i] !== 0 || b[i] !== 0 ? 1 : 0
})
