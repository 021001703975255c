import { type Buffer, type Tensor, vectorized, wrap } from "./shared/op.ts"
import { entrywise, type Operand } from "./shared/stretch.ts"

/**
 * 1 where a = b, else 0. No gradient.                 a, b: broadcast
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function equal(a: Operand, b: Operand): Tensor {
  const { y, shape } = entrywise("equal", a, b, equalForward)
  return wrap(y, shape)
}

const equalForward = vectorized("equalForward", (a: Buffer, b: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = a[i] === b[i] ? 1 : 0
})
