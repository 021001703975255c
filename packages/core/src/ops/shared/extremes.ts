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
