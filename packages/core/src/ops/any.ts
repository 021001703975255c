import { findMiddle } from "./shared/extremes.ts"
import { alloc, type Tensor, wrap } from "./shared/op.ts"
import { type ReduceOptions, reduced } from "./shared/reduced.ts"

/**
 * 1 where an entry is other than 0 over the reduced axes, else 0. No gradient.
 *
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor {
  const r = reduced("any", x, options)
  const y = alloc(r.size)
  findMiddle(r.data, y, r.outer, r.n, r.inner, false)
  return wrap(y, r.shape)
}
