import { ShapeError } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { sigmoid, softplus } from "../math.ts"
import { asRows, sameShape } from "../shape.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Cross-entropy of independent yes-or-no targets, from logits, averaged over the last axis.
 *                                                               target [..., n], logits [..., n] -> [...]
 *   y       = mean of softplus(x) - x t
 *   dlogits += (sigmoid(x) - t) dy / n
 *   dtarget += - x dy / n
 *
 * softplus(x) - x t = -t log sigmoid(x) - (1 - t) log(1 - sigmoid(x)), without its overflows.
 * @throws ShapeError when the shapes differ or are scalar.
 */
export function binaryCrossentropy(target: Tensor, logits: Tensor): Tensor {
  const op = "binaryCrossentropy"
  const [t, x] = [operand(op, target), operand(op, logits)]
  const [rows, n] = asRows(op, logits.shape)
  if (!sameShape(target.shape, logits.shape)) {
    throw new ShapeError(`${op}: target and logits have different shapes`, {
      facts: { target: target.shape, logits: logits.shape },
    })
  }
  const y = alloc(rows)
  binaryCrossentropyForward(t, x, y, rows, n)
  return recordVectorized(op, y, logits.shape.slice(0, -1), [target, logits], (dy, dt, dx) => {
    if (dt) binaryTargetBackward(x, dy, dt, rows, n)
    if (dx) binaryLogitsBackward(t, x, dy, dx, rows, n)
  })
}

const binaryCrossentropyForward = vectorized(
  "binaryCrossentropyForward",
  (t: Buffer, x: Buffer, y: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let sum = 0
      // Where t is 1 the two terms nearly cancel for large x: softplus(x) - x = softplus(-x) keeps the digits.
      for (let j = 0; j < n; j++) {
        const v = x[at + j]
        sum += v > 0 ? softplus(-v) + v * (1 - t[at + j]) : softplus(v) - v * t[at + j]
      }
      y[r] = sum / n
    }
  },
  simd.binaryCrossentropyForward,
)

const binaryLogitsBackward = vectorized(
  "binaryLogitsBackward",
  (t: Buffer, x: Buffer, dy: Buffer, dx: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      for (let j = 0; j < n; j++) dx[at + j] += ((sigmoid(x[at + j]) - t[at + j]) / n) * dy[r]
    }
  },
  simd.binaryLogitsBackward,
)

const binaryTargetBackward = vectorized(
  "binaryTargetBackward",
  (x: Buffer, dy: Buffer, dt: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      for (let j = 0; j < n; j++) dt[at + j] -= (x[at + j] / n) * dy[r]
    }
  },
)
