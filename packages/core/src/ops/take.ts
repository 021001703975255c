import { resolveAxis, sizeOf } from "../shape.ts"
import { isTensor } from "../tensor.ts"
import { alloc, read, record, type Tensor } from "./shared/op.ts"
import { addRows, type Indices, resolveIndices, takeRows } from "./shared/rows.ts"

/**
 * Entries along an axis, in any order and as often as wanted.             [.., n, ..], indices [i] -> [.., i, ..]
 *
 *   y  = x[.., indices, ..]
 *   dx += dy at the positions taken, once for each time
 *
 * An index tensor's whole shape replaces the axis. Negative indices count from the end.
 * @throws OptionError for an index out of range, ShapeError for an axis that does not exist.
 */
export function take(x: Tensor, indices: Indices, axis = 0): Tensor {
  const a = read("take", x)
  const at = resolveAxis("take", axis, x.rank)
  const n = x.shape[at]
  const places = resolveIndices("take", indices, n)
  const taken = isTensor(indices) ? indices.shape : [indices.length]
  const shape = [...x.shape.slice(0, at), ...taken, ...x.shape.slice(at + 1)]
  const [outer, inner] = [sizeOf(x.shape.slice(0, at)), sizeOf(x.shape.slice(at + 1))]
  const y = alloc(sizeOf(shape))
  takeRows(a, places, y, outer, n, inner)
  return record("take", y, shape, [x], (dy, dx) => dx && addRows(dy, places, dx, outer, n, inner))
}
