import { OptionError, ShapeError } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { exp, log } from "../math.ts"
import { asRows, sameShape } from "../shape.ts"
import { alloc, type Buffer, operand, read, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Cross-entropy of class numbers, from logits.                            labels [...], logits [..., n] -> [...]
 *
 *   y       = log sum exp(x) - x[label], per row, with the row's maximum subtracted first
 *   dlogits += (softmax(x) - oneHot(label)) dy
 *
 * Labels may also have shape [..., 1]; they take no gradient.
 * @throws ShapeError when there is not one label for each row; OptionError naming the first row whose label is not an
 *   integer from 0 to n - 1.
 */
export function sparseCategoricalCrossentropy(labels: Tensor, logits: Tensor): Tensor {
  const op = "sparseCategoricalCrossentropy"
  const [t, x] = [read(op, labels), operand(op, logits)]
  const [rows, n] = asRows(op, logits.shape)
  const shape = logits.shape.slice(0, -1)
  if (!sameShape(labels.shape, shape) && !sameShape(labels.shape, [...shape, 1])) {
    throw new ShapeError(`${op}: needs one label for each row of logits`, {
      facts: { labels: labels.shape, logits: logits.shape },
      hint: sameShape(labels.shape, logits.shape) ? "one-hot targets go to categoricalCrossentropy" : "",
    })
  }
  checkLabels(op, t, n)
  const [p, y] = [alloc(logits.size), alloc(rows)]
  sparseCrossentropyForward(t, x, p, y, rows, n)
  return recordVectorized(op, y, shape, [logits], (dy, dx) => dx && sparseCrossentropyBackward(t, p, dy, dx, rows, n))
}

function checkLabels(op: string, labels: Buffer, n: number): void {
  for (let r = 0; r < labels.length; r++) {
    const label = labels[r]
    if (label >= 0 && label < n && Number.isInteger(label)) continue
    throw new OptionError(`${op}: label ${label} in row ${r} is not one of ${n} classes`, {
      rule: `a label is an integer from 0 to ${n - 1}`,
    })
  }
}

/** p = softmax of each row, y = its cross-entropy with the label. */
const sparseCrossentropyForward = vectorized(
  "sparseCrossentropyForward",
  (labels: Buffer, x: Buffer, p: Buffer, y: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let max = -Infinity
      for (let j = 0; j < n; j++) max = Math.max(max, x[at + j])
      let sum = 0
      for (let j = 0; j < n; j++) {
        const e = exp(x[at + j] - max)
        p[at + j] = e
        sum += e
      }
      for (let j = 0; j < n; j++) p[at + j] /= sum
      y[r] = log(sum) - (x[at + labels[r]] - max)
    }
  },
  simd.sparseCrossentropyForward,
)

const sparseCrossentropyBackward = vectorized(
  "sparseCrossentropyBackward",
  (labels: Buffer, p: Buffer, dy: Buffer, dx: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      for (let j = 0; j < n; j++) dx[at + j] += p[at + j] * dy[r]
      dx[at + labels[r]] -= dy[r]
    }
  },
  simd.sparseCrossentropyBackward,
)
