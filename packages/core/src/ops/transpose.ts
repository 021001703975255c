import { ShapeError } from "../errors.ts"
import { alloc, read, record, type Tensor } from "./shared/op.ts"
import { addStrided, contiguous, copyStrided, permutedLayout } from "./shared/strided.ts"

/**
 * Axes in another order; axis i of y is axis `order[i]` of x. Without `order` they are reversed.
 *
 *   [d0, d1, ...] -> [d(order[0]), d(order[1]), ...]
 *   dx += dy with the axes put back
 *
 * @throws ShapeError when `order` does not name every axis once.
 */
export function transpose(x: Tensor, order?: readonly number[]): Tensor {
  const a = read("transpose", x)
  const axes = order ? order.map(axis => (axis < 0 ? axis + x.rank : axis)) : x.shape.map((_, i) => x.rank - 1 - i)
  if (axes.length !== x.rank || x.shape.some((_, i) => !axes.includes(i))) {
    throw new ShapeError("transpose: the order must name every axis once", {
      facts: { x: x.shape, order: order ?? [] },
      hint: "leave the order out to reverse all axes",
    })
  }
  const shape = axes.map(axis => x.shape[axis])
  const [permuted, plain] = [permutedLayout(x.shape, axes), contiguous(shape)]
  const y = alloc(x.size)
  copyStrided(a, permuted, y, plain, shape)
  return record("transpose", y, shape, [x], (dy, dx) => dx && addStrided(dy, plain, dx, permuted, shape))
}
