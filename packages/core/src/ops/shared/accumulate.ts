import * as simd from "../../kernels/simd/index.ts"
import { type Buffer, vectorized } from "./op.ts"

/** dx += dy: the gradient of everything that passes numbers on unchanged. */
export const accumulate = vectorized(
  "accumulate",
  (dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += dy[i]
  },
  simd.accumulate,
)
