import { checkNumber } from "../errors.ts"
import { resolveAxis } from "../shape.ts"
import { read, type Tensor } from "./shared/op.ts"
import { take } from "./take.ts"

/**
 * Every entry of an axis, the first by default, `times` times in a row.   [n, ...] -> [times n, ...]
 *
 *   y  = x0, x0, ..., x1, x1, ...
 *   dx += dy, summed over the copies
 *
 * @throws OptionError unless `times` is an integer from 0 on; ShapeError for an axis that does not exist.
 */
export function repeat(x: Tensor, times: number, axis = 0): Tensor {
  read("repeat", x)
  checkNumber("repeat", "times", times, { min: 0, integer: true })
  const n = x.shape[resolveAxis("repeat", axis, x.rank)]
  const indices = Array.from({ length: n * times }, (_, i) => Math.floor(i / times))
  return take(x, indices, axis)
}
