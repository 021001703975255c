import { alloc, type Buffer, sizeOf, type Tensor, vectorized, wrap } from "./shared/op.ts"
import { type Operand, stretch } from "./shared/stretch.ts"

/**
 * 1 where a <= b, else 0. No gradient.                 a, b: broadcast
 *
 * @throws ShapeError when the shapes do not broadcast.
 */
export function lessEqual(a: Operand, b: Operand): Tensor {
  const [[u, v], shape] = stretch("lessEqual", a, b)
  const y = alloc(sizeOf(shape))
  lessEqualForward(u.data, v.data, y)
  return wrap(y, shape)
}

const lessEqualForward = vectorized("lessEqualForward", (a: Buffer, b: Buffer, y: Buffer) => {
  for (let i = 0; i < y.length; i++) y[i] = a[i] <= b[i] ? 1 : 0
})
