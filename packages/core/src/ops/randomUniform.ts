import { checkKeys, checkNumber } from "../errors.ts"
import { drawStream } from "../random/context.ts"
import type { Stream } from "../random/stream.ts"
import { checkShape, type Shape, sizeOf } from "../shape.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"

/** What `randomUniform` may be told. */
export interface RandomUniformOptions {
  /** Lower end, included. Default 0. */
  readonly min?: number
  /** Upper end, not included before rounding. Default 1. */
  readonly max?: number
  /** Where the numbers come from; by default each call has its own, following from `setSeed`. */
  readonly stream?: Stream
}

/**
 * Evenly distributed numbers: min + (max - min) u, u from 0 up to but without 1.     -> shape
 * @throws ShapeError for a bad shape; OptionError for an unknown option or max below min.
 */
export function randomUniform(shape: Shape, options: RandomUniformOptions = {}): Tensor {
  checkShape("randomUniform", shape)
  checkKeys("randomUniform", options, ["min", "max", "stream"])
  const min = checkNumber("randomUniform", "min", options.min ?? 0)
  const max = checkNumber("randomUniform", "max", options.max ?? 1, { min })
  const y = (options.stream ?? drawStream(randomUniform, "randomUniform")).uniform(heap(sizeOf(shape)))
  for (let i = 0; i < y.length; i++) y[i] = min + (max - min) * y[i]
  return wrap(y, shape)
}
