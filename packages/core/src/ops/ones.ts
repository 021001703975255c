import { checkShape, type Shape, sizeOf } from "../shape.ts"
import type { TensorOptions } from "../tensor.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"

/** A tensor of ones. @throws ShapeError for anything but a list of non-negative integers. */
export function ones(shape: Shape, options?: TensorOptions): Tensor {
  checkShape("ones", shape)
  return wrap(heap(sizeOf(shape)).fill(1), shape, options)
}
