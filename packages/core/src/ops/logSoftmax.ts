import { checkKeys } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { exp, log } from "../math.ts"
import { asRows, resolveAxis } from "../shape.ts"
import { toLast } from "./shared/lastAxis.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Logarithm of the softmax along an axis, the last by default.            shape kept
 *
 *   y  = x - max x - log sum exp(x - max x)
 *   dx += dy - exp(y) sum dy
 *
 * @throws ShapeError for a scalar or an axis that does not exist; OptionError for an unknown option.
 */
export function logSoftmax(x: Tensor, options: { readonly axis?: number } = {}): Tensor {
  checkKeys("logSoftmax", options, ["axis"])
  const a = operand("logSoftmax", x)
  const [rows, n] = asRows("logSoftmax", x.shape)
  const elsewhere = toLast(x, resolveAxis("logSoftmax", options.axis ?? -1, x.rank))
  if (elsewhere) return elsewhere[1](logSoftmax(elsewhere[0]))
  const y = alloc(x.size)
  logSoftmaxForward(a, y, rows, n)
  return recordVectorized("logSoftmax", y, x.shape, [x], (dy, dx) => dx && logSoftmaxBackward(y, dy, dx, rows, n))
}

const logSoftmaxForward = vectorized(
  "logSoftmaxForward",
  (x: Buffer, y: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let max = -Infinity
      for (let j = 0; j < n; j++) max = Math.max(max, x[at + j])
      let sum = 0
      for (let j = 0; j < n; j++) sum += exp(x[at + j] - max)
      const shift = log(sum)
      for (let j = 0; j < n; j++) y[at + j] = x[at + j] - max - shift
    }
  },
  simd.logSoftmaxForward,
)

const logSoftmaxBackward = vectorized(
  "logSoftmaxBackward",
  (y: Buffer, dy: Buffer, dx: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let sum = 0
      for (let j = 0; j < n; j++) sum += dy[at + j]
      for (let j = 0; j < n; j++) dx[at + j] += dy[at + j] - exp(y[at + j]) * sum
    }
  },
  simd.logSoftmaxBackward,
)
