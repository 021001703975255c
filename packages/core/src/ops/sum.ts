import { record, type Tensor } from "./shared/op.ts"
import { folded, type ReduceOptions } from "./shared/reduced.ts"
import { spreadMiddle, sumMiddle } from "./shared/sums.ts"

/**
 * Sum over one, several or all axes, in double.             shape without the reduced axes; 1 there with keepDims
 *
 *   y  = sum x
 *   dx += dy
 *
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function sum(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { r, y } = folded("sum", x, options, (...sizes) => sumMiddle(...sizes, 1))
  return record("sum", y, r.shape, [x], (dy, dx) => {
    r.gather(dx, full => spreadMiddle(dy, full, r.outer, r.n, r.inner, 1))
  })
}
