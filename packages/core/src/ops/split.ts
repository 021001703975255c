import { ShapeError } from "../errors.ts"
import { resolveAxis } from "../shape.ts"
import { read, type Tensor } from "./shared/op.ts"
import { slice } from "./slice.ts"

/**
 * Cuts a tensor along an axis, the first by default: into a number of equal parts, or parts of given sizes.
 *
 *   yi = part i of x
 *   dx += dyi there
 *
 * Parts along axis 0 share x's memory.
 * @throws ShapeError when the parts are not integers that add up to the axis.
 */
export function split(x: Tensor, parts: number | readonly number[], axis = 0): Tensor[] {
  read("split", x)
  const at = resolveAxis("split", axis, x.rank)
  const n = x.shape[at]
  const sizes = typeof parts === "number" ? new Array<number>(Math.max(1, Math.ceil(parts))).fill(n / parts) : parts
  if (!sizes.every(size => Number.isInteger(size) && size >= 0) || sizes.reduce((sum, size) => sum + size, 0) !== n) {
    throw new ShapeError(`split: axis ${at} of size ${n} does not split into ${JSON.stringify(parts)}`, {
      facts: { x: x.shape },
      rule: "equal parts divide the axis; given sizes add up to it",
    })
  }
  let end = 0
  return sizes.map(size => {
    const start = end
    end += size
    return slice(x, [...new Array<null>(at).fill(null), start], [...new Array<null>(at).fill(null), end])
  })
}
