import { findMiddle } from "./shared/extremes.ts"
import { type Tensor, wrap } from "./shared/op.ts"
import { folded, type ReduceOptions } from "./shared/reduced.ts"

/**
 * 1 where an entry is other than 0 over the reduced axes, else 0. No gradient.
 *
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { r, y } = folded("any", x, options, (...sizes) => findMiddle(...sizes, false))
  return wrap(y, r.shape)
}
