import { checkKeys, checkNumber } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { expm1 } from "../math.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Exponential linear unit.                                                shape kept
 *
 *   y  = x where x > 0, else alpha (e^x - 1)
 *   dx += dy where x > 0, else (y + alpha) dy
 *
 * Clevert, Unterthiner, Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2016.
 * `alpha` is 1 by default.
 * @throws OptionError for an unknown option or an alpha that is not a number.
 */
export function elu(x: Tensor, options: { readonly alpha?: number } = {}): Tensor {
  checkKeys("elu", options, ["alpha"])
  const alpha = checkNumber("elu", "alpha", options.alpha ?? 1)
  const [a, y] = mapped("elu", x, (a, y) => eluForward(a, y, alpha))
  return recordVectorized("elu", y, x.shape, [x], (dy, dx) => dx && eluBackward(a, y, dy, dx, alpha))
}

const eluForward = vectorized(
  "eluForward",
  (x: Buffer, y: Buffer, alpha: number) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? x[i] : alpha * expm1(x[i])
  },
  simd.eluForward,
)

const eluBackward = vectorized(
  "eluBackward",
  (x: Buffer, y: Buffer, dy: Buffer, dx: Buffer, alpha: number) => {
    for (let i = 0; i < dx.length; i++) dx[i] += x[i] > 0 ? dy[i] : (y[i] + alpha) * dy[i]
  },
  simd.eluBackward,
)
