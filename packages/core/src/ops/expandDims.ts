import { resolveAxis } from "../shape.ts"
import { reshape } from "./reshape.ts"
import { read, type Tensor } from "./shared/op.ts"

/**
 * A new axis of size 1 before `axis` of the result; -1 is behind the last. Numbers are not copied; dx += dy.
 * @throws ShapeError for an axis that does not exist in the result.
 */
export function expandDims(x: Tensor, axis: number): Tensor {
  read("expandDims", x)
  const at = resolveAxis("expandDims", axis, x.rank + 1)
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
}
