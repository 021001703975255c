import { checkKeys, checkNumber, ShapeError } from "../../errors.ts"
import * as simd from "../../kernels/simd/index.ts"
import { resolveAxis } from "../../shape.ts"
import { type Buffer, type Tensor, vectorized } from "./op.ts"

/** What batch normalisation may be told. */
export interface BatchNormOptions {
  /** The axis whose entries are normalised each for itself; the last by default. */
  readonly axis?: number
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number
}

/** Checks what the two forms of batch normalisation have in common. */
export function checkBatchNorm(
  op: string,
  x: Tensor,
  perChannel: Readonly<Record<string, Tensor | null | undefined>>,
  options: BatchNormOptions,
): { axis: number; epsilon: number } {
  checkKeys(op, options, ["axis", "epsilon"])
  const epsilon = checkNumber(op, "epsilon", options.epsilon ?? 1e-3, { min: 0 })
  const axis = resolveAxis(op, options.axis ?? -1, x.rank)
  for (const [name, t] of Object.entries(perChannel)) {
    if (!t || (t.rank === 1 && t.size === x.shape[axis])) continue
    throw new ShapeError(`${op}: ${name} must have shape [${x.shape[axis]}]`, {
      facts: { x: x.shape, [name]: t.shape },
      rule: `one number for each entry along axis ${axis}`,
    })
  }
  return { axis, epsilon }
}

/** inverse = 1 / sqrt(variance + epsilon) */
export const invertDeviation = vectorized(
  "invertDeviation",
  (variance: Buffer, inverse: Buffer, epsilon: number) => {
    for (let j = 0; j < inverse.length; j++) inverse[j] = 1 / Math.sqrt(variance[j] + epsilon)
  },
  simd.invertDeviation,
)

/** y = (x - mean) inverse gamma + beta, each column with its own four numbers. */
export const normalizeColumns = vectorized(
  "normalizeColumns",
  (x: Buffer, mean: Buffer, inverse: Buffer, gamma: Buffer, beta: Buffer, y: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      for (let j = 0; j < n; j++) y[at + j] = (x[at + j] - mean[j]) * inverse[j] * gamma[j] + beta[j]
    }
  },
  simd.normalizeColumns,
)

/** For each column, the sum of dy, and the sum of dy (x - mean) inverse. */
export const normalizeColumnSums = vectorized(
  "normalizeColumnSums",
  (x: Buffer, mean: Buffer, inverse: Buffer, dy: Buffer, sums: Buffer, products: Buffer, rows: number, n: number) => {
    const [s, p] = [new Float64Array(n), new Float64Array(n)]
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      for (let j = 0; j < n; j++) {
        s[j] += dy[at + j]
        p[j] += dy[at + j] * (x[at + j] - mean[j]) * inverse[j]
      }
    }
    sums.set(s)
    products.set(p)
  },
  simd.normalizeColumnSums,
)
