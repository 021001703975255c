import { resolveAxes, stridesOf } from "../shape.ts"
import { alloc, read, record, type Tensor } from "./shared/op.ts"
import { addStrided, contiguous, copyStrided } from "./shared/strided.ts"

/**
 * One, several or all axes backwards.                                     shape kept
 *
 *   y  = x[n - 1], ..., x[0]
 *   dx += dy, backwards
 *
 * @throws ShapeError for an axis that does not exist.
 */
export function reverse(x: Tensor, axis?: number | readonly number[]): Tensor {
  const a = read("reverse", x)
  const axes = resolveAxes("reverse", axis, x.rank)
  const strides = stridesOf(x.shape)
  const offset = axes.reduce((sum, i) => sum + (x.shape[i] - 1) * strides[i], 0)
  const backwards = { offset, strides: strides.map((s, i) => (axes.includes(i) ? -s : s)) }
  const plain = contiguous(x.shape)
  const y = alloc(x.size)
  copyStrided(a, backwards, y, plain, x.shape)
  return record("reverse", y, x.shape, [x], (dy, dx) => dx && addStrided(dy, plain, dx, backwards, x.shape))
}
