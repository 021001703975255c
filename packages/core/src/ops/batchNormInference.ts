import { finishRuns } from "../kernels/queue.ts"
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
import { alloc, type Buffer, read, record, type Tensor } from "./shared/op.ts"
import { zeros } from "./zeros.ts"

/**
 * Batch normalisation with given statistics.    x [..., n], mean [n], variance [n], gamma [n], beta [n] -> [..., n]
 *
 *   h         = (x - mean) i, i = 1 / sqrt(variance + epsilon)
 *   y         = gamma h + beta
 *   dx        += gamma i dy
 *   dmean     += - gamma i sum dy
 *   dvariance += - gamma i² / 2 sum dy h
 *   dgamma    += sum dy h
 *   dbeta     += sum dy
 *
 * gamma and beta may be null: 1 and 0.
 * @throws ShapeError when one of the four is not [n] or the axis does not exist; OptionError for bad options.
 */
export function batchNormInference(
  x: Tensor,
  mean: Tensor,
  variance: Tensor,
  gamma: Tensor | null = null,
  beta: Tensor | null = null,
  options: BatchNormOptions = {},
): Tensor {
  const op = "batchNormInference"
  const a = read(op, x)
  const { axis, epsilon } = checkBatchNorm(op, x, { mean, variance, gamma, beta }, options)
  const elsewhere = toLast(x, axis)
  if (elsewhere) return elsewhere[1](batchNormInference(elsewhere[0], mean, variance, gamma, beta, { epsilon }))
  const n = x.shape[axis]
  const rows = n === 0 ? 0 : x.size / n
  const [scale, shift] = [gamma ?? ones([n]), beta ?? zeros([n])]
  const [m, g, i, y] = [read(op, mean), read(op, scale), alloc(n), alloc(x.size)]
  invertDeviation(read(op, variance), i, epsilon)
  normalizeColumns(a, m, i, g, read(op, shift), y, rows, n)
  return record(op, y, x.shape, [x, mean, variance, scale, shift], (dy, dx, dm, dv, dgamma, dbeta) => {
    if (dx) scaleColumns(dy, g, i, dx, rows, n)
    if (!(dm || dv || dgamma || dbeta)) return
    const [sums, products] = [alloc(n), alloc(n)]
    normalizeColumnSums(a, m, i, dy, sums, products, rows, n)
    finishRuns()
    for (let j = 0; dm && j < n; j++) dm[j] -= g[j] * i[j] * sums[j]
    for (let j = 0; dv && j < n; j++) dv[j] -= 0.5 * g[j] * i[j] * i[j] * products[j]
    if (dgamma) accumulate(products, dgamma)
    if (dbeta) accumulate(sums, dbeta)
  })
}

function scaleColumns(dy: Buffer, gamma: Buffer, inverse: Buffer, dx: Buffer, rows: number, n: number): void {
  for (let r = 0, at = 0; r < rows; r++, at += n) {
    for (let j = 0; j < n; j++) dx[at + j] += gamma[j] * inverse[j] * dy[at + j]
  }
}
