import { ShapeError } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { exp, log } from "../math.ts"
import { asRows, sameShape } from "../shape.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Cross-entropy of class probabilities, from logits.            target [..., n], logits [..., n] -> [...]
 *
 *   y       = - sum t log softmax(x), per row, with the row's maximum subtracted first
 *   dlogits += (softmax(x) sum t - t) dy
 *   dtarget += - log softmax(x) dy
 *
 * @throws ShapeError when the shapes differ or are scalar.
 */
export function categoricalCrossentropy(target: Tensor, logits: Tensor): Tensor {
  const op = "categoricalCrossentropy"
  const [t, x] = [operand(op, target), operand(op, logits)]
  const [rows, n] = asRows(op, logits.shape)
  if (!sameShape(target.shape, logits.shape)) {
    throw new ShapeError(`${op}: target and logits have different shapes`, {
      facts: { target: target.shape, logits: logits.shape },
      hint: target.rank < logits.rank ? "class numbers go to sparseCategoricalCrossentropy" : "",
    })
  }
  const [logp, y] = [alloc(logits.size), alloc(rows)]
  categoricalCrossentropyForward(t, x, logp, y, rows, n)
  return recordVectorized(op, y, logits.shape.slice(0, -1), [target, logits], (dy, dt, dx) => {
    if (dt) categoricalTargetBackward(logp, dy, dt, rows, n)
    if (dx) categoricalLogitsBackward(t, logp, dy, dx, rows, n)
  })
}

/** logp = log softmax of each row, y = its cross-entropy with the target. */
const categoricalCrossentropyForward = vectorized(
  "categoricalCrossentropyForward",
  (t: Buffer, x: Buffer, logp: Buffer, y: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let max = -Infinity
      for (let j = 0; j < n; j++) max = Math.max(max, x[at + j])
      let sum = 0
      for (let j = 0; j < n; j++) sum += exp(x[at + j] - max)
      const shift = log(sum)
      let loss = 0
      for (let j = 0; j < n; j++) {
        const l = x[at + j] - max - shift
        logp[at + j] = l
        loss -= t[at + j] * l
      }
      y[r] = loss
    }
  },
  simd.categoricalCrossentropyForward,
)

const categoricalLogitsBackward = vectorized(
  "categoricalLogitsBackward",
  (t: Buffer, logp: Buffer, dy: Buffer, dx: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let sum = 0
      for (let j = 0; j < n; j++) sum += t[at + j]
      for (let j = 0; j < n; j++) dx[at + j] += (exp(logp[at + j]) * sum - t[at + j]) * dy[r]
    }
  },
  simd.categoricalLogitsBackward,
)

const categoricalTargetBackward = vectorized(
  "categoricalTargetBackward",
  (logp: Buffer, dy: Buffer, dt: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      for (let j = 0; j < n; j++) dt[at + j] -= logp[at + j] * dy[r]
    }
  },
)
