import * as simd from "../../kernels/simd/index.ts"
import { type Buffer, vectorized } from "./op.ts"

/** dx += dy, shared equally by the entries of the middle axis that equal y. */
export const extremeBackward = vectorized(
  "extremeBackward",
  (x: Buffer, y: Buffer, dy: Buffer, dx: Buffer, outer: number, n: number, inner: number) => {
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < inner; j++) {
        const [first, top] = [o * n * inner + j, y[o * inner + j]]
        let equals = 0
        for (let k = 0; k < n; k++) if (x[first + k * inner] === top) equals++
        const share = dy[o * inner + j] / equals
        for (let k = 0; k < n; k++) if (x[first + k * inner] === top) dx[first + k * inner] += share
      }
    }
  },
)

/** y = the largest of the middle axis, or with a sign of -1 the smallest. */
export const extremeForward = vectorized(
  "extremeForward",
  (x: Buffer, y: Buffer, outer: number, n: number, inner: number, sign: number) => {
    for (let o = 0, at = 0; o < outer; o++) {
      for (let j = 0; j < inner; j++) y[o * inner + j] = sign * -Infinity
      for (let k = 0; k < n; k++, at += inner) {
        for (let j = 0; j < inner; j++) {
          y[o * inner + j] = sign * Math.max(sign * y[o * inner + j], sign * x[at + j])
        }
      }
    }
  },
)

/** y = where on the middle axis the largest stands, or with a sign of -1 the smallest: the first of equals, or a NaN. */
export const extremePosition = vectorized(
  "extremePosition",
  (x: Buffer, y: Buffer, outer: number, n: number, inner: number, sign: number) => {
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < inner; j++) {
        const first = o * n * inner + j
        let best = 0
        for (let k = 1; k < n; k++) {
          const [value, known] = [sign * x[first + k * inner], sign * x[first + best * inner]]
          if (value > known || (Number.isNaN(value) && !Number.isNaN(known))) best = k
        }
        y[o * inner + j] = best
      }
    }
  },
)

/** y = 0 where the middle axis has a zero, else 1; or, unless `zero`, y = 1 where it has anything else, else 0. */
export const findMiddle = vectorized(
  "findMiddle",
  (x: Buffer, y: Buffer, outer: number, n: number, inner: number, zero: boolean) => {
    y.fill(zero ? 1 : 0)
    for (let o = 0, at = 0; o < outer; o++) {
      for (let k = 0; k < n; k++, at += inner) {
        for (let j = 0; j < inner; j++) if ((x[at + j] === 0) === zero) y[o * inner + j] = zero ? 0 : 1
      }
    }
  },
)

/** dx += dy where a >= b. */
export const whereAtLeast = vectorized(
  "whereAtLeast",
  (a: Buffer, b: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) if (a[i] >= b[i]) dx[i] += dy[i]
  },
  simd.whereAtLeast,
)

/** dx += dy elsewhere. */
export const whereNotAtLeast = vectorized(
  "whereNotAtLeast",
  (a: Buffer, b: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) if (!(a[i] >= b[i])) dx[i] += dy[i]
  },
  simd.whereNotAtLeast,
)
