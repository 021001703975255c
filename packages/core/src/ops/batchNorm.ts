import * as simd from "../kernels/simd/index.ts"
import { ones } from "./ones.ts"
import { accumulate } from "./shared/accumulate.ts"
import {
  type BatchNormOptions,
  checkBatchNorm,
  invertDeviation,
  normalizeColumnSums,
  normalizeColumns,
} from "./shared/columns.ts"
import { toLast } from "./shared/lastAxis.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized, wrap } from "./shared/op.ts"
import { zeros } from "./zeros.ts"

/** What `batchNorm` gives: its output, and the batch's statistics for the moving averages. */
export interface BatchNormResult {
  readonly y: Tensor
  /** Mean of each channel, [n]. A constant: no gradient flows through it. */
  readonly mean: Tensor
  /** Biased variance of each channel, [n]. A constant. */
  readonly variance: Tensor
}

/**
 * Batch normalisation with the statistics of the batch, each channel over all other axes.
 *                                                       x [..., n], gamma [n], beta [n] -> y [..., n]
 *   h       = (x - mean) / sqrt(variance + epsilon), variance biased
 *   y       = gamma h + beta
 *   dx      += gamma / sqrt(variance + epsilon) (dy - mean(dy) - h mean(dy h))
 *   dgamma  += sum dy h
 *   dbeta   += sum dy
 *
 * Ioffe, Szegedy, "Batch Normalization", 2015. gamma and beta may be null: 1 and 0.
 * @throws ShapeError when gamma or beta is not [n] or the axis does not exist; OptionError for bad options.
 */
export function batchNorm(
  x: Tensor,
  gamma: Tensor | null = null,
  beta: Tensor | null = null,
  options: BatchNormOptions = {},
): BatchNormResult {
  const a = operand("batchNorm", x)
  const { axis, epsilon } = checkBatchNorm("batchNorm", x, { gamma, beta }, options)
  const elsewhere = toLast(x, axis)
  if (elsewhere) {
    const result = batchNorm(elsewhere[0], gamma, beta, { epsilon })
    return { ...result, y: elsewhere[1](result.y) }
  }
  const n = x.shape[axis]
  const rows = n === 0 ? 0 : x.size / n
  const [scale, shift] = [gamma ?? ones([n]), beta ?? zeros([n])]
  const [g, b] = [operand("batchNorm", scale), operand("batchNorm", shift)]
  const [mean, variance, inverse, y] = [alloc(n), alloc(n), alloc(n), alloc(x.size)]
  columnMoments(a, mean, variance, rows, n)
  invertDeviation(variance, inverse, epsilon)
  normalizeColumns(a, mean, inverse, g, b, y, rows, n)
  const output = recordVectorized("batchNorm", y, x.shape, [x, scale, shift], (dy, dx, dgamma, dbeta) => {
    const [sums, products] = [alloc(n), alloc(n)]
    normalizeColumnSums(a, mean, inverse, dy, sums, products, rows, n)
    if (dgamma) accumulate(products, dgamma)
    if (dbeta) accumulate(sums, dbeta)
    if (dx) batchNormBackward(a, mean, inverse, g, dy, sums, products, dx, rows, n)
  })
  return { y: output, mean: wrap(mean, [n]), variance: wrap(variance, [n]) }
}

/** Mean and biased variance of each column. */
const columnMoments = vectorized(
  "columnMoments",
  (x: Buffer, mean: Buffer, variance: Buffer, rows: number, n: number) => {
    const [m, v] = [new Float64Array(n), new Float64Array(n)]
    for (let r = 0, at = 0; r < rows; r++, at += n) for (let j = 0; j < n; j++) m[j] += x[at + j]
    for (let j = 0; j < n; j++) m[j] /= rows
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      for (let j = 0; j < n; j++) v[j] += (x[at + j] - m[j]) * (x[at + j] - m[j])
    }
    for (let j = 0; j < n; j++) variance[j] = v[j] / rows
    mean.set(m)
  },
  simd.columnMoments,
)

const batchNormBackward = vectorized(
  "batchNormBackward",
  (
    x: Buffer,
    mean: Buffer,
    inverse: Buffer,
    gamma: Buffer,
    dy: Buffer,
    sums: Buffer,
    products: Buffer,
    dx: Buffer,
    rows: number,
    n: number,
  ) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      for (let j = 0; j < n; j++) {
        const h = (x[at + j] - mean[j]) * inverse[j]
        dx[at + j] += gamma[j] * inverse[j] * (dy[at + j] - (sums[j] + h * products[j]) / rows)
      }
    }
  },
  simd.batchNormBackward,
)
