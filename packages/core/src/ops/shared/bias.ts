import * as simd from "../../kernels/simd/index.ts"
import { type Buffer, vectorized } from "./op.ts"

/** dbias += the rows of dy, summed in double. */
export const addBiasSums = vectorized(
  "addBiasSums",
  (dy: Buffer, dbias: Buffer, rows: number, n: number) => {
    const sums = new Float64Array(n)
    for (let r = 0, at = 0; r < rows; r++, at += n) for (let j = 0; j < n; j++) sums[j] += dy[at + j]
    for (let j = 0; j < n; j++) dbias[j] += sums[j]
  },
  simd.addBiasSums,
)
