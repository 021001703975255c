import { describe, OptionError, ShapeError } from "../errors.ts"
import { sameShape } from "../shape.ts"
import { concat } from "./concat.ts"
import { expandDims } from "./expandDims.ts"
import { read, type Tensor } from "./shared/op.ts"

/**
 * Tensors of one shape side by side along a new axis, the first by default.       n times [...] -> [n, ...]
 *
 *   y   = x0, x1, ...
 *   dxi += the part of dy where xi went
 *
 * @throws ShapeError when the shapes differ, OptionError for an empty list.
 */
export function stack(xs: readonly Tensor[], axis = 0): Tensor {
  const list: unknown = xs
  if (!Array.isArray(list)) throw new OptionError(`stack: takes a list of tensors, got ${describe(xs)}`)
  if (xs.length === 0) throw new OptionError("stack: needs at least one tensor")
  for (const x of xs) {
    read("stack", x)
    if (sameShape(x.shape, xs[0].shape)) continue
    throw new ShapeError("stack: the shapes differ", { facts: { first: xs[0].shape, other: x.shape } })
  }
  return concat(
    xs.map(x => expandDims(x, axis)),
    axis,
  )
}
