import { checkShape, type Shape, sizeOf } from "../shape.ts"
import type { TensorOptions } from "../tensor.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"

/** A tensor of zeros. @throws ShapeError for anything but a list of non-negative integers. */
export function zeros(shape: Shape, options?: TensorOptions): Tensor {
  checkShape("zeros", shape)
  return wrap(heap(sizeOf(shape)), shape, options)
}
