import { ShapeError } from "../errors.ts"
import { sameShape, sizeOf } from "../shape.ts"
import { alloc, read, record, type Tensor } from "./shared/op.ts"
import { addRows, takeRows } from "./shared/rows.ts"

/**
 * The entries where a mask is other than 0, in order.       x [mask's shape, ...], mask -> [count, ...]
 *
 *   y  = x[mask]
 *   dx += dy at the entries kept
 *
 * The mask covers the leading axes of x and takes no gradient.
 * @throws ShapeError when the mask's shape is not the beginning of x's.
 */
export function booleanMask(x: Tensor, mask: Tensor): Tensor {
  const [a, m] = [read("booleanMask", x), read("booleanMask", mask)]
  if (!sameShape(mask.shape, x.shape.slice(0, mask.rank)) || mask.rank === 0) {
    throw new ShapeError("booleanMask: the mask does not cover the leading axes", {
      facts: { x: x.shape, mask: mask.shape },
      rule: "the mask's shape is the beginning of x's",
    })
  }
  const places: number[] = []
  for (let i = 0; i < m.length; i++) if (m[i] !== 0) places.push(i)
  const kept = new Int32Array(places)
  const rest = x.shape.slice(mask.rank)
  const inner = sizeOf(rest)
  const y = alloc(kept.length * inner)
  takeRows(a, kept, y, 1, mask.size, inner)
  return record("booleanMask", y, [kept.length, ...rest], [x], (dy, dx) => {
    if (dx) addRows(dy, kept, dx, 1, mask.size, inner)
  })
}
