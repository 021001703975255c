import { checkKeys, checkNumber } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import type { Stream } from "../random/stream.ts"
import { drawUniform, type NoiseOptions } from "./shared/noise.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Dropout: zeroes a share of the entries and scales the others up, so that the mean stays.      shape kept
 *
 *   y  = x / (1 - rate) where uniform >= rate, else 0
 *   dx += dy / (1 - rate) where uniform >= rate
 *
 * Srivastava et al., "Dropout", 2014. The uniform numbers are the stream's first ones, as many as the noise shape has;
 * a stream gives the same ones at every call, so each call needs its own stream (`drawStream`).
 * @throws OptionError unless 0 <= rate < 1; ShapeError when the noise shape does not broadcast to the shape of x.
 */
export function dropout(x: Tensor, rate: number, stream: Stream, options: NoiseOptions = {}): Tensor {
  checkKeys("dropout", options, ["noiseShape"])
  const a = operand("dropout", x)
  // Rounded as a float32 comparison would, so that every kernel keeps the same units.
  const limit = Math.fround(checkNumber("dropout", "rate", rate, { min: 0, below: 1 }))
  const scale = 1 / (1 - rate)
  const [noise, y] = [drawUniform("dropout", x, stream, options), alloc(x.size)]
  dropoutForward(a, noise, y, limit, scale)
  return recordVectorized("dropout", y, x.shape, [x], (dy, dx) => dx && dropoutBackward(noise, dy, dx, limit, scale))
}

const dropoutForward = vectorized(
  "dropoutForward",
  (x: Buffer, noise: Buffer, y: Buffer, limit: number, scale: number) => {
    for (let i = 0; i < y.length; i++) y[i] = noise[i] >= limit ? x[i] * scale : 0
  },
  simd.dropoutForward,
)

const dropoutBackward = vectorized(
  "dropoutBackward",
  (noise: Buffer, dy: Buffer, dx: Buffer, limit: number, scale: number) => {
    for (let i = 0; i < dx.length; i++) if (noise[i] >= limit) dx[i] += dy[i] * scale
  },
  simd.dropoutBackward,
)
