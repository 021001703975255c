import * as simd from "../kernels/simd/index.ts"
import { deduct } from "./shared/accumulate.ts"
import { type Buffer, mapped, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Negative.                                                               shape kept
 *
 *   y  = -x
 *   dx += -dy
 */
export function neg(x: Tensor): Tensor {
  const [, y] = mapped("neg", x, negForward)
  return recordVectorized("neg", y, x.shape, [x], (dy, dx) => dx && deduct(dy, dx))
}

const negForward = vectorized(
  "negForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = -x[i]
  },
  simd.negForward,
)
