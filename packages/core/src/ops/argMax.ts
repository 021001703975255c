import { extremePosition } from "./shared/extremes.ts"
import { type Tensor, wrap } from "./shared/op.ts"
import { foldedSome, type ReduceOptions } from "./shared/reduced.ts"

/**
 * Position of the largest entry along an axis, the first of equals; a NaN counts as largest. No gradient.
 *
 * Without an axis, the position in row-major order of all entries. Several axes count as one, in row-major order.
 * @throws ShapeError for an axis that does not exist or nothing to reduce; OptionError for an unknown option.
 */
export function argMax(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { r, y } = foldedSome("argMax", x, options, (...sizes) => extremePosition(...sizes, 1))
  return wrap(y, r.shape)
}
