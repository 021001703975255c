import { alloc, record, type Tensor } from "./shared/op.ts"
import { type ReduceOptions, reduced } from "./shared/reduced.ts"
import { centeredBackward, momentsMiddle } from "./shared/sums.ts"

/**
 * Standard deviation, biased, over one, several or all axes.   shape without the reduced axes; 1 there with keepDims
 *
 *   y  = √(sum (x - mean)² / n), NaN for n = 0
 *   dx += (x - mean) / (n y) dy, 0 where y = 0
 *
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function std(x: Tensor, options: ReduceOptions = {}): Tensor {
  const r = reduced("std", x, options)
  const [mean, y] = [alloc(r.size), alloc(r.size)]
  momentsMiddle(r.data, mean, y, r.outer, r.n, r.inner)
  for (let i = 0; i < y.length; i++) y[i] = Math.sqrt(y[i])
  return record("std", y, r.shape, [x], (dy, dx) => {
    const scale = alloc(r.size)
    for (let i = 0; i < scale.length; i++) scale[i] = y[i] === 0 ? 0 : dy[i] / (r.n * y[i])
    r.gather(dx, full => centeredBackward(r.data, mean, scale, full, r.outer, r.n, r.inner))
  })
}
