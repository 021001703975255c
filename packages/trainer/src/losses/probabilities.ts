import { alloc, type Buffer, record, type Tensor } from "@selvedge/core"
import { log } from "../math.ts"
import { rowsOf } from "./rowwise.ts"

// Crossentropies of plain probabilities, which Keras cuts to [1e-7, 1 - 1e-7]. Outside of it their gradient is 0.
const EPSILON = 1e-7

const cut = (p: number) => Math.max(EPSILON, Math.min(1 - EPSILON, p))
/** 1 / p inside the range, 0 outside: the derivative of log(cut(p)). */
const inverse = (p: number) => (p < EPSILON || p > 1 - EPSILON ? 0 : 1 / p)

/** Of yes-or-no probabilities, averaged over the last axis: the pointwise `-t log p - (1 - t) log(1 - p)`. */
export const binaryFromProbabilities = {
  value: (t: number, p: number) => -(t * log(cut(p)) + (1 - t) * log(1 - cut(p))),
  slope: (t: number, p: number) => (inverse(p) === 0 ? 0 : (1 - t) / (1 - p) - t / p),
}

/**
 * Of class probabilities, divided by their sum first.                 target [..., n], p [..., n] -> [...]
 *
 *   q = p / sum p;  y = -sum t log cut(q);  dp += dy (dq - <dq, q>) / sum p with dq = -t / q
 */
export function categoricalFromProbabilities(target: Tensor, probabilities: Tensor): Tensor {
  const [rows, n, shape] = rowsOf(probabilities.shape)
  const [t, p, y] = [target.read(), probabilities.read(), alloc(rows)]
  for (let r = 0; r < rows; r++) {
    const total = rowSum(p, r, n)
    let loss = 0
    for (let j = r * n; j < (r + 1) * n; j++) loss -= t[j]! * log(cut(p[j]! / total))
    y[r] = loss
  }
  return record("categoricalFromProbabilities", y, shape, [probabilities], (dy, dp) => {
    if (!dp) return
    for (let r = 0; r < rows; r++) {
      const total = rowSum(p, r, n)
      let dot = 0
      for (let j = r * n; j < (r + 1) * n; j++) dot -= t[j]! * inverse(p[j]! / total) * (p[j]! / total)
      for (let j = r * n; j < (r + 1) * n; j++) dp[j]! += (dy[r]! * (-t[j]! * inverse(p[j]! / total) - dot)) / total
    }
  })
}

/**
 * Of class probabilities and class numbers, renormalised after cutting.  labels [...], p [..., n] -> [...]
 *
 *   c = cut(p);  y = log sum c - log c[label];  dp += dy (1 / sum c - [label] / p)
 *
 * As Keras on TensorFlow: it takes the logarithm and hands it on as logits.
 */
export function sparseFromProbabilities(labels: Tensor, probabilities: Tensor): Tensor {
  const [rows, n, shape] = rowsOf(probabilities.shape)
  const [t, p, y] = [labels.read(), probabilities.read(), alloc(rows)]
  const cutSum = (r: number) => {
    let sum = 0
    for (let j = r * n; j < (r + 1) * n; j++) sum += cut(p[j]!)
    return sum
  }
  for (let r = 0; r < rows; r++) y[r] = log(cutSum(r)) - log(cut(p[r * n + t[r]!]!))
  return record("sparseFromProbabilities", y, shape, [probabilities], (dy, dp) => {
    if (!dp) return
    for (let r = 0; r < rows; r++) {
      const share = dy[r]! / cutSum(r)
      for (let j = r * n; j < (r + 1) * n; j++) if (inverse(p[j]!) !== 0) dp[j]! += share
      const own = r * n + t[r]!
      dp[own]! -= dy[r]! * inverse(p[own]!)
    }
  })
}

function rowSum(p: Buffer, r: number, n: number): number {
  let sum = 0
  for (let j = r * n; j < (r + 1) * n; j++) sum += p[j]!
  return sum
}
