import * as simd from "../kernels/simd/index.ts"
import { type Buffer, mapped, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * `silu` with the hard sigmoid, also called hard swish.                   shape kept
 *
 *   y  = x min(max(x + 3, 0), 6) / 6
 *   dx += 0 where x <= -3, dy where x >= 3, else (x / 3 + 1/2) dy
 *
 * Howard et al., "Searching for MobileNetV3", 2019.
 */
export function hardSilu(x: Tensor): Tensor {
  const [a, y] = mapped("hardSilu", x, hardSiluForward)
  return record("hardSilu", y, x.shape, [x], (dy, dx) => dx && hardSiluBackward(a, dy, dx))
}

const hardSiluForward = vectorized(
  "hardSiluForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] * (Math.min(Math.max(x[i] + 3, 0), 6) / 6)
  },
  simd.hardSiluForward,
)

const hardSiluBackward = vectorized(
  "hardSiluBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) {
      if (x[i] >= 3) dx[i] += dy[i]
      else if (x[i] > -3) dx[i] += (x[i] / 3 + 0.5) * dy[i]
    }
  },
  simd.hardSiluBackward,
)
