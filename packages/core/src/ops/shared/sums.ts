import * as simd from "../../kernels/simd/index.ts"
import { type Buffer, vectorized } from "./op.ts"

/** y = sum of x over its middle axis, divided by `divisor`; summed in double, in order. */
export const sumMiddle = vectorized(
  "sumMiddle",
  (x: Buffer, y: Buffer, outer: number, n: number, inner: number, divisor: number) => {
    const sums = new Float64Array(inner)
    for (let o = 0, at = 0; o < outer; o++) {
      for (let j = 0; j < inner; j++) sums[j] = 0
      for (let k = 0; k < n; k++, at += inner) for (let j = 0; j < inner; j++) sums[j] += x[at + j]
      for (let j = 0; j < inner; j++) y[o * inner + j] = sums[j] / divisor
    }
  },
  simd.sumMiddle,
)

/** dx += dy / divisor, the same for every entry of the middle axis. */
export const spreadMiddle = vectorized(
  "spreadMiddle",
  (dy: Buffer, dx: Buffer, outer: number, n: number, inner: number, divisor: number) => {
    for (let o = 0, at = 0; o < outer; o++) {
      for (let k = 0; k < n; k++, at += inner) {
        for (let j = 0; j < inner; j++) dx[at + j] += dy[o * inner + j] / divisor
      }
    }
  },
  simd.spreadMiddle,
)

/** The mean of x over its middle axis, and the mean of (x - mean)². */
export const momentsMiddle = vectorized(
  "momentsMiddle",
  (x: Buffer, mean: Buffer, variance: Buffer, outer: number, n: number, inner: number) => {
    const [sums, squares] = [new Float64Array(inner), new Float64Array(inner)]
    for (let o = 0; o < outer; o++) {
      sums.fill(0)
      squares.fill(0)
      const first = o * n * inner
      for (let k = 0, at = first; k < n; k++, at += inner) for (let j = 0; j < inner; j++) sums[j] += x[at + j]
      for (let j = 0; j < inner; j++) sums[j] /= n
      for (let k = 0, at = first; k < n; k++, at += inner) {
        for (let j = 0; j < inner; j++) squares[j] += (x[at + j] - sums[j]) * (x[at + j] - sums[j])
      }
      for (let j = 0; j < inner; j++) {
        mean[o * inner + j] = sums[j]
        variance[o * inner + j] = squares[j] / n
      }
    }
  },
)

/** dx += scale (x - mean), with one scale and one mean for all entries of the middle axis. */
export const centeredBackward = vectorized(
  "centeredBackward",
  (x: Buffer, mean: Buffer, scale: Buffer, dx: Buffer, outer: number, n: number, inner: number) => {
    for (let o = 0, at = 0; o < outer; o++) {
      for (let k = 0; k < n; k++, at += inner) {
        for (let j = 0; j < inner; j++) dx[at + j] += scale[o * inner + j] * (x[at + j] - mean[o * inner + j])
      }
    }
  },
)
