import { OptionError, ShapeError } from "../errors.ts"
import { checkShape, sameShape, sizeOf, stridesOf } from "../shape.ts"
import type { TensorOptions } from "../tensor.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"
import { contiguous, copyStrided } from "./shared/strided.ts"

/** The fields of an `ndarray` (npm) that matter: numbers, and how they lie. */
export interface NdarrayLike {
  readonly data: ArrayLike<number>
  readonly shape: readonly number[]
  readonly stride: readonly number[]
  readonly offset: number
}

/**
 * A tensor of an ndarray's numbers, whatever its strides. A contiguous float32 one is not copied: both then share memory.
 * @throws OptionError for anything but an ndarray over an array; ShapeError when it reaches beyond its data.
 */
export function fromNdarray(nd: NdarrayLike, options?: TensorOptions): Tensor {
  const { data, shape, stride, offset } = nd
  if (!shape || !stride || typeof data?.length !== "number" || typeof offset !== "number") {
    throw new OptionError("fromNdarray: needs an ndarray: data, shape, stride and offset")
  }
  checkShape("fromNdarray", shape)
  const size = sizeOf(shape)
  const reaches = stride.map((s, i) => s * (shape[i] - 1))
  const low = reaches.reduce((sum, r) => sum + Math.min(r, 0), offset)
  const high = reaches.reduce((sum, r) => sum + Math.max(r, 0), offset)
  if (size > 0 && (low < 0 || high >= data.length || stride.length !== shape.length)) {
    throw new ShapeError("fromNdarray: the array reaches beyond its data", {
      facts: { shape, stride, offset, data: [data.length] },
    })
  }
  const shared = heap(0) instanceof Float32Array && sameShape(stride, stridesOf(shape))
  if (shared && data instanceof Float32Array) return wrap(data.subarray(offset, offset + size), [...shape], options)
  const y = heap(size)
  copyStrided(data, { offset, strides: stride }, y, contiguous(shape), shape)
  return wrap(y, [...shape], options)
}
