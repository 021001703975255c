import { checkShape, type Shape, sizeOf } from "../shape.ts"
import type { TensorOptions } from "../tensor.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"

/** A tensor with one number everywhere. @throws ShapeError for anything but a list of non-negative integers. */
export function full(shape: Shape, value: number, options?: TensorOptions): Tensor {
  checkShape("full", shape)
  return wrap(heap(sizeOf(shape)).fill(value), shape, options)
}
