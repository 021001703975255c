import { record } from "../autograd.ts"
import { ShapeError } from "../errors.ts"
import { gemm } from "../kernels/gemm.ts"
import { vectorized } from "../kernels/vectorized.ts"
import { asRows } from "../shape.ts"
import { alloc, type Buffer } from "../storage.ts"
import type { Tensor } from "../tensor.ts"

/**
 * A dense layer's affine map, along the last axis.             [..., k] [k, n] [n] -> [..., n]
 *
 *   y       = x kernel + bias
 *   dx      += dy kernelᵀ
 *   dkernel += xᵀ dy
 *   dbias   += sum of dy over all rows
 *
 * @throws ShapeError when the last dimension of x is not the first of kernel, or bias is not [n].
 */
export function linear(x: Tensor, kernel: Tensor, bias?: Tensor | null): Tensor {
  const [m, k] = asRows("linear", x.shape)
  checkKernel(x, kernel, bias, k)
  const n = kernel.shape[1]
  const [a, w, y] = [x.read(), kernel.read(), alloc(m * n)]
  gemm(a, w, y, m, n, k)
  if (bias) addRow(bias.read(), y, m, n)
  const shape = [...x.shape.slice(0, -1), n]
  return record("linear", y, shape, bias ? [x, kernel, bias] : [x, kernel], (dy, dx, dw, db) => {
    if (dx) gemm(dy, w, dx, m, k, n, { transposeB: true, accumulate: true })
    if (dw) gemm(a, dy, dw, k, n, m, { transposeA: true, accumulate: true })
    if (db) addColumnSums(dy, db, m, n)
  })
}

/** y += row, for every row of y. */
const addRow = vectorized("addRow", (row: Buffer, y: Buffer, m: number, n: number) => {
  for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) y[i * n + j] += row[j]
})

/** sums += the rows of x, one after the other. */
const addColumnSums = vectorized("addColumnSums", (x: Buffer, sums: Buffer, m: number, n: number) => {
  for (let j = 0; j < n; j++) {
    let sum = 0
    for (let i = 0; i < m; i++) sum += x[i * n + j]
    sums[j] += sum
  }
})

function checkKernel(x: Tensor, kernel: Tensor, bias: Tensor | null | undefined, k: number): void {
  const facts = { x: x.shape, kernel: kernel.shape, ...(bias ? { bias: bias.shape } : {}) }
  if (kernel.rank !== 2) throw new ShapeError("linear: kernel is a matrix [in, out]", { facts })
  if (kernel.shape[0] !== k) {
    throw new ShapeError(`linear: kernel expects ${kernel.shape[0]} features, the input has ${k}`, {
      facts,
      rule: "the input's last dimension = the kernel's first",
      ...(x.size === kernel.shape[0] * x.shape[0] ? { hint: "flatten first: add new Flatten() before the layer" } : {}),
    })
  }
  if (bias && (bias.rank !== 1 || bias.shape[0] !== kernel.shape[1])) {
    throw new ShapeError(`linear: bias must have shape [${kernel.shape[1]}]`, { facts })
  }
}
