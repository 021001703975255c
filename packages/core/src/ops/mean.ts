import { record, type Tensor } from "./shared/op.ts"
import { folded, type ReduceOptions } from "./shared/reduced.ts"
import { spreadMiddle, sumMiddle } from "./shared/sums.ts"

/**
 * Mean over one, several or all axes.                       shape without the reduced axes; 1 there with keepDims
 *
 *   y  = sum x / n, NaN for n = 0
 *   dx += dy / n
 *
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function mean(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { r, y } = folded("mean", x, options, (x, y, outer, n, inner) => sumMiddle(x, y, outer, n, inner, n))
  return record("mean", y, r.shape, [x], (dy, dx) => {
    r.gather(dx, full => spreadMiddle(dy, full, r.outer, r.n, r.inner, r.n))
  })
}
