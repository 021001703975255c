import { extremeBackward, extremeForward } from "./shared/extremes.ts"
import { record, type Tensor } from "./shared/op.ts"
import { foldedSome, type ReduceOptions } from "./shared/reduced.ts"

/**
 * Smallest entry over one, several or all axes.               shape without the reduced axes; 1 there with keepDims
 *
 *   y  = min x; NaN when there is one
 *   dx += dy / (number of entries equal to y) at each of those, as in TensorFlow
 *
 * @throws ShapeError for an axis that does not exist or nothing to reduce; OptionError for an unknown option.
 */
export function min(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { r, y } = foldedSome("min", x, options, (...sizes) => extremeForward(...sizes, -1))
  return record("min", y, r.shape, [x], (dy, dx) => {
    r.gather(dx, full => extremeBackward(r.data, y, dy, full, r.outer, r.n, r.inner))
  })
}
