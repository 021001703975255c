import { checkKeys, checkNumber } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import type { Stream } from "../random/stream.ts"
import { drawUniform, type NoiseOptions } from "./shared/noise.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/** The value that SELU gives very negative inputs: - scale alpha. */
const saturated = -1.7580993408473766

/**
 * Dropout that keeps mean 0 and variance 1 behind SELU: dropped units saturate instead of vanishing.   shape kept
 *
 *   y  = a x + b where uniform >= rate, else a s + b;  s = -1.7581
 *   dx += a dy where uniform >= rate
 *   a  = ((1 - rate) (1 + rate s²))^-1/2,  b = - a rate s
 *
 * Klambauer et al., "Self-Normalizing Neural Networks", 2017. About the stream, see `dropout`.
 * @throws OptionError unless 0 <= rate < 1; ShapeError when the noise shape does not broadcast to the shape of x.
 */
export function alphaDropout(x: Tensor, rate: number, stream: Stream, options: NoiseOptions = {}): Tensor {
  checkKeys("alphaDropout", options, ["noiseShape"])
  const input = operand("alphaDropout", x)
  const limit = Math.fround(checkNumber("alphaDropout", "rate", rate, { min: 0, below: 1 }))
  const a = 1 / Math.sqrt((1 - rate) * (1 + rate * saturated * saturated))
  const b = -a * rate * saturated
  const [noise, y] = [drawUniform("alphaDropout", x, stream, options), alloc(x.size)]
  alphaDropoutForward(input, noise, y, limit, a, b, a * saturated + b)
  return recordVectorized(
    "alphaDropout",
    y,
    x.shape,
    [x],
    (dy, dx) => dx && alphaDropoutBackward(noise, dy, dx, limit, a),
  )
}

const alphaDropoutForward = vectorized(
  "alphaDropoutForward",
  (x: Buffer, noise: Buffer, y: Buffer, limit: number, a: number, b: number, dropped: number) => {
    for (let i = 0; i < y.length; i++) y[i] = noise[i] >= limit ? a * x[i] + b : dropped
  },
  simd.alphaDropoutForward,
)

const alphaDropoutBackward = vectorized(
  "alphaDropoutBackward",
  (noise: Buffer, dy: Buffer, dx: Buffer, limit: number, a: number) => {
    for (let i = 0; i < dx.length; i++) if (noise[i] >= limit) dx[i] += dy[i] * a
  },
  simd.alphaDropoutBackward,
)
