import { checkKeys, checkNumber } from "../errors.ts"
import { drawStream } from "../random/context.ts"
import type { Stream } from "../random/stream.ts"
import { checkShape, type Shape, sizeOf } from "../shape.ts"
import { heap, type Tensor, wrap } from "./shared/op.ts"

/** What `randomNormal` may be told. */
export interface RandomNormalOptions {
  /** Default 0. */
  readonly mean?: number
  /** Standard deviation, default 1. */
  readonly stddev?: number
  /** Where the numbers come from; by default each call has its own, following from `setSeed`. */
  readonly stream?: Stream
}

/**
 * Normally distributed numbers: mean + stddev z.                          -> shape
 * @throws ShapeError for a bad shape; OptionError for an unknown option or a negative stddev.
 */
export function randomNormal(shape: Shape, options: RandomNormalOptions = {}): Tensor {
  checkShape("randomNormal", shape)
  checkKeys("randomNormal", options, ["mean", "stddev", "stream"])
  const mean = checkNumber("randomNormal", "mean", options.mean ?? 0)
  const stddev = checkNumber("randomNormal", "stddev", options.stddev ?? 1, { min: 0 })
  const y = (options.stream ?? drawStream(randomNormal, "randomNormal")).normal(heap(sizeOf(shape)))
  for (let i = 0; i < y.length; i++) y[i] = mean + stddev * y[i]
  return wrap(y, shape)
}
