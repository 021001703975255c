import { OptionError, ShapeError } from "../errors.ts"
import { concat } from "./concat.ts"
import { read, type Tensor } from "./shared/op.ts"

/**
 * The whole tensor side by side, `times[i]` times along axis i.           [n, ...] -> [times[0] n, ...]
 *
 *   y  = copies of x
 *   dx += dy, summed over the copies
 *
 * @throws ShapeError unless there is one number for each axis; OptionError unless they are integers from 1 on.
 */
export function tile(x: Tensor, times: readonly number[]): Tensor {
  read("tile", x)
  if (times.length !== x.rank) {
    throw new ShapeError(`tile: ${times.length} numbers for ${x.rank} axes`, { facts: { x: x.shape } })
  }
  const bad = times.find(n => !Number.isInteger(n) || n < 1)
  if (bad !== undefined) throw new OptionError(`tile: a number of times is an integer from 1 on, got ${bad}`)
  return times.reduce((y, n, axis) => (n === 1 ? y : concat(new Array<Tensor>(n).fill(y), axis)), x)
}
