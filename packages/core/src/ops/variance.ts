import { alloc, record, type Tensor } from "./shared/op.ts"
import { type ReduceOptions, reduced } from "./shared/reduced.ts"
import { centeredBackward, momentsMiddle } from "./shared/sums.ts"

/**
 * Biased variance over one, several or all axes.            shape without the reduced axes; 1 there with keepDims
 *
 *   y  = sum (x - mean)² / n, NaN for n = 0
 *   dx += 2 (x - mean) / n dy
 *
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function variance(x: Tensor, options: ReduceOptions = {}): Tensor {
  const r = reduced("variance", x, options)
  const [mean, y] = [alloc(r.size), alloc(r.size)]
  momentsMiddle(r.data, mean, y, r.outer, r.n, r.inner)
  return record("variance", y, r.shape, [x], (dy, dx) => {
    const scale = alloc(r.size)
    for (let i = 0; i < scale.length; i++) scale[i] = (2 * dy[i]) / r.n
    r.gather(dx, full => centeredBackward(r.data, mean, scale, full, r.outer, r.n, r.inner))
  })
}
