import { inferShape, type Shape } from "../shape.ts"
import { accumulate } from "./shared/accumulate.ts"
import { attach, byKernels, operand, type Tensor } from "./shared/op.ts"

/**
 * The same numbers in another shape, not copied. One dimension may be -1: what is left.
 *
 *   y  = x
 *   dx += dy
 *
 * @throws ShapeError when the shape holds another count of numbers; OptionError for two -1.
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  operand("reshape", x)
  const y = x.window(inferShape("reshape", x.shape, shape), 0)
  return attach("reshape", y, [x], (dy, dx) => dx && accumulate(dy, dx), byKernels)
}
