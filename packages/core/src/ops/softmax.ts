import { checkKeys } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { exp } from "../math.ts"
import { asRows, resolveAxis } from "../shape.ts"
import { toLast } from "./shared/lastAxis.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Softmax along an axis, the last by default.                             shape kept
 *
 *   y  = exp(x - max x) / sum exp(x - max x)
 *   dx += y (dy - <dy, y>)
 *
 * Subtracting the maximum changes nothing and keeps every exponent <= 0. Along the last axis, the output remembers x as
 * its `logits`, from which a cross-entropy computes a stable gradient.
 * @throws ShapeError for a scalar or an axis that does not exist; OptionError for an unknown option.
 */
export function softmax(x: Tensor, options: { readonly axis?: number } = {}): Tensor {
  checkKeys("softmax", options, ["axis"])
  const a = operand("softmax", x)
  const [rows, n] = asRows("softmax", x.shape)
  const elsewhere = toLast(x, resolveAxis("softmax", options.axis ?? -1, x.rank))
  if (elsewhere) return elsewhere[1](softmax(elsewhere[0]))
  const p = alloc(x.size)
  softmaxForward(a, p, rows, n)
  const y = recordVectorized("softmax", p, x.shape, [x], (dy, dx) => dx && softmaxBackward(p, dy, dx, rows, n))
  y.logits = x
  return y
}

const softmaxForward = vectorized(
  "softmaxForward",
  (x: Buffer, y: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let max = -Infinity
      for (let j = 0; j < n; j++) max = Math.max(max, x[at + j])
      let sum = 0
      for (let j = 0; j < n; j++) {
        const e = exp(x[at + j] - max)
        y[at + j] = e
        sum += e
      }
      for (let j = 0; j < n; j++) y[at + j] /= sum
    }
  },
  simd.softmaxForward,
)

const softmaxBackward = vectorized(
  "softmaxBackward",
  (y: Buffer, dy: Buffer, dx: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let dot = 0
      for (let j = 0; j < n; j++) dot += dy[at + j] * y[at + j]
      for (let j = 0; j < n; j++) dx[at + j] += y[at + j] * (dy[at + j] - dot)
    }
  },
  simd.softmaxBackward,
)
