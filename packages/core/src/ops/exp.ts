import * as simd from "../kernels/simd/index.ts"
import * as math from "../math.ts"
import { accumulateProduct } from "./shared/accumulate.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Exponential; also exported as `exponential`, its name as an activation. shape kept
 *
 *   y  = e^x
 *   dx += y dy
 */
export function exp(x: Tensor): Tensor {
  const [, y] = mapped("exp", x, expForward)
  return recordVectorized("exp", y, x.shape, [x], (dy, dx) => dx && accumulateProduct(y, dy, dx))
}

const expForward = vectorized(
  "expForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = math.exp(x[i])
  },
  simd.expForward,
)
