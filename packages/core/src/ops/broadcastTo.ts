import { ShapeError } from "../errors.ts"
import { broadcastShapes, checkShape, type Shape, sameShape } from "../shape.ts"
import { read, record, type Tensor } from "./shared/op.ts"
import { spread, sumInto } from "./shared/stretch.ts"

/**
 * Repeats a tensor to fill a larger shape, by NumPy's rule.               [1, n] -> [m, n]
 *
 *   y  = x, repeated
 *   dx += dy, summed over what was repeated
 *
 * @throws ShapeError when x does not broadcast to the shape.
 */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  const a = read("broadcastTo", x)
  checkShape("broadcastTo", shape)
  if (!sameShape(broadcastShapes("broadcastTo", x.shape, shape), shape)) {
    throw new ShapeError("broadcastTo: the tensor is larger than the shape", { facts: { x: x.shape, shape } })
  }
  const full = spread(a, x.shape, shape)
  const y = full === a ? a.slice() : full
  return record("broadcastTo", y, shape, [x], (dy, dx) => dx && sumInto(dy, shape, dx, x.shape))
}
