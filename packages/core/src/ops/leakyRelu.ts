import { checkKeys, checkNumber } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Rectifier with a slope below 0.                                         shape kept
 *
 *   y  = x where x > 0, else negativeSlope x
 *   dx += dy where x > 0, else negativeSlope dy
 *
 * `negativeSlope` is 0.2 by default, as in Keras's function (its layer has 0.3).
 * @throws OptionError for an unknown option or a slope that is not a number.
 * @see https://keras.io/api/layers/activations/#leakyrelu-function
 */
export function leakyRelu(x: Tensor, options: { readonly negativeSlope?: number } = {}): Tensor {
  checkKeys("leakyRelu", options, ["negativeSlope"])
  const slope = checkNumber("leakyRelu", "negativeSlope", options.negativeSlope ?? 0.2)
  const [a, y] = mapped("leakyRelu", x, (a, y) => leakyReluForward(a, y, slope))
  return recordVectorized("leakyRelu", y, x.shape, [x], (dy, dx) => dx && leakyReluBackward(a, dy, dx, slope))
}

const leakyReluForward = vectorized(
  "leakyReluForward",
  (x: Buffer, y: Buffer, slope: number) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? x[i] : slope * x[i]
  },
  simd.leakyReluForward,
)

const leakyReluBackward = vectorized(
  "leakyReluBackward",
  (x: Buffer, dy: Buffer, dx: Buffer, slope: number) => {
    for (let i = 0; i < dx.length; i++) dx[i] += x[i] > 0 ? dy[i] : slope * dy[i]
  },
  simd.leakyReluBackward,
)
