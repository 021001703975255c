import * as simd from "../kernels/simd/index.ts"
import { expm1 } from "../math.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

const scale = 1.0507009873554805
const scaleAlpha = 1.7580993408473766

/**
 * Scaled exponential linear unit: keeps mean 0 and variance 1 through many layers.          shape kept
 *
 *   y  = scale x where x > 0, else scale alpha (e^x - 1)
 *   dx += scale dy where x >= 0, else (y + scale alpha) dy
 *
 * scale = 1.0507..., alpha = 1.6732...: Klambauer et al., "Self-Normalizing Neural Networks", 2017.
 */
export function selu(x: Tensor): Tensor {
  const [, y] = mapped("selu", x, seluForward)
  return recordVectorized("selu", y, x.shape, [x], (dy, dx) => dx && seluBackward(y, dy, dx))
}

const seluForward = vectorized(
  "seluForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? scale * x[i] : scaleAlpha * expm1(x[i])
  },
  simd.seluForward,
)

const seluBackward = vectorized(
  "seluBackward",
  (y: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += y[i] < 0 ? (y[i] + scaleAlpha) * dy[i] : scale * dy[i]
  },
  simd.seluBackward,
)
