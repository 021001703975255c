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

/** dx -= dy: the gradient of what changes the sign. */
export const deduct = vectorized(
  "deduct",
  (dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] -= dy[i]
  },
  simd.deduct,
)

/** dx += slope dy */
export const accumulateProduct = vectorized(
  "accumulateProduct",
  (slope: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += slope[i] * dy[i]
  },
  simd.accumulateProduct,
)
