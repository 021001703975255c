import { exp, log } from "../math.ts"
import { type Buffer, record, type Tensor, vectorized } from "./shared/op.ts"
import { foldedSome, type ReduceOptions } from "./shared/reduced.ts"

/**
 * Logarithm of the sum of exponentials.                     shape without the reduced axes; 1 there with keepDims
 *
 *   y  = max x + log sum exp(x - max x)
 *   dx += exp(x - y) dy
 *
 * @throws ShapeError for an axis that does not exist or nothing to reduce; OptionError for an unknown option.
 */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { r, y } = foldedSome("logSumExp", x, options, logSumExpForward)
  return record("logSumExp", y, r.shape, [x], (dy, dx) => {
    r.gather(dx, full => logSumExpBackward(r.data, y, dy, full, r.outer, r.n, r.inner))
  })
}

const logSumExpForward = vectorized(
  "logSumExpForward",
  (x: Buffer, y: Buffer, outer: number, n: number, inner: number) => {
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < inner; j++) {
        const first = o * n * inner + j
        let max = -Infinity
        for (let k = 0; k < n; k++) max = Math.max(max, x[first + k * inner])
        // An infinite maximum is the result itself; subtracting it would give NaN.
        const shift = Number.isFinite(max) ? max : 0
        let sum = 0
        for (let k = 0; k < n; k++) sum += exp(x[first + k * inner] - shift)
        y[o * inner + j] = shift + log(sum)
      }
    }
  },
)

const logSumExpBackward = vectorized(
  "logSumExpBackward",
  (x: Buffer, y: Buffer, dy: Buffer, dx: Buffer, outer: number, n: number, inner: number) => {
    for (let o = 0, at = 0; o < outer; o++) {
      for (let k = 0; k < n; k++, at += inner) {
        for (let j = 0; j < inner; j++) dx[at + j] += exp(x[at + j] - y[o * inner + j]) * dy[o * inner + j]
      }
    }
  },
)
