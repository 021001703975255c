import { checkKeys, checkNumber } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/** What `relu` may be told. */
export interface ReluOptions {
  /** Slope below the threshold. Default 0. */
  readonly negativeSlope?: number
  /** The largest value. Default none. */
  readonly maxValue?: number | null
  /** Values up to here count as negative. Default 0. */
  readonly threshold?: number
}

/**
 * Rectifier.                                                              shape kept
 *
 *   y  = min(x, maxValue) where x > threshold, else negativeSlope (x - threshold)
 *   dx += dy where threshold < x <= maxValue, negativeSlope dy where x < threshold
 *
 * At x = threshold the derivative is 0; as in Keras, except that a plain leaky one has its slope there and that
 * maxValue 6 with threshold 0 (`relu6`) has 0 at 6.
 * @throws OptionError for an unknown option, a negative maxValue, or anything but numbers.
 * @see https://keras.io/api/layers/activations/#relu-function
 */
export function relu(x: Tensor, options: ReluOptions = {}): Tensor {
  checkKeys("relu", options, ["negativeSlope", "maxValue", "threshold"])
  const slope = checkNumber("relu", "negativeSlope", options.negativeSlope ?? 0)
  const threshold = checkNumber("relu", "threshold", options.threshold ?? 0)
  const limited = typeof options.maxValue === "number"
  const max = limited ? checkNumber("relu", "maxValue", options.maxValue, { min: 0 }) : Infinity
  const [a, y] = [operand("relu", x), alloc(x.size)]
  if (slope === 0 && threshold === 0 && !limited) {
    reluForward(a, y)
    return recordVectorized("relu", y, x.shape, [x], (dy, dx) => dx && reluBackward(a, dy, dx))
  }
  const atThreshold = threshold === 0 && !limited ? slope : 0
  const atMax = threshold === 0 && max === 6 ? 0 : 1
  boundedReluForward(a, y, slope, max, threshold)
  return recordVectorized("relu", y, x.shape, [x], (dy, dx) => {
    if (dx) boundedReluBackward(a, dy, dx, slope, max, threshold, atThreshold, atMax)
  })
}

const reluForward = vectorized(
  "reluForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.max(x[i], 0)
  },
  simd.reluForward,
)

const reluBackward = vectorized(
  "reluBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) if (x[i] > 0) dx[i] += dy[i]
  },
  simd.reluBackward,
)

const boundedReluForward = vectorized(
  "boundedReluForward",
  (x: Buffer, y: Buffer, slope: number, max: number, threshold: number) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] > threshold ? Math.min(x[i], max) : slope * (x[i] - threshold)
  },
  simd.boundedReluForward,
)

const boundedReluBackward = vectorized(
  "boundedReluBackward",
  (
    x: Buffer,
    dy: Buffer,
    dx: Buffer,
    slope: number,
    max: number,
    threshold: number,
    atThreshold: number,
    atMax: number,
  ) => {
    for (let i = 0; i < dx.length; i++) {
      if (x[i] > threshold) dx[i] += x[i] < max ? dy[i] : x[i] === max ? atMax * dy[i] : 0
      else dx[i] += (x[i] === threshold ? atThreshold : slope) * dy[i]
    }
  },
  simd.boundedReluBackward,
)
