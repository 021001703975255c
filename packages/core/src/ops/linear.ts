import { ShapeError } from "../errors.ts"
import { gemm, gemmFree } from "../kernels/gemm.ts"
import { asRows } from "../shape.ts"
import { addBiasSums } from "./shared/bias.ts"
import { alloc, operand, recordProducts, type Tensor } from "./shared/op.ts"

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
  const [a, w] = [operand("linear", x), operand("linear", kernel)]
  const [m, k] = asRows("linear", x.shape)
  checkKernel(x, kernel, bias, k)
  const n = kernel.shape[1]
  const y = alloc(m * n)
  gemm(a, w, y, m, n, k, { bias: bias ? operand("linear", bias) : null })
  const shape = [...x.shape.slice(0, -1), n]
  const inputs = bias ? [x, kernel, bias] : [x, kernel]
  return recordProducts("linear", y, shape, inputs, (dy, dx, dw, db) => {
    if (dx) gemm(dy, w, dx, m, k, n, { transposeB: true, accumulate: true })
    // No other gradient waits for that of a leaf: it can be computed beside what the layers below do.
    const product = kernel.node === null ? gemmFree : gemm
    if (dw) product(a, dy, dw, k, n, m, { transposeA: true, accumulate: true })
    if (db) addBiasSums(dy, db, m, n)
  })
}

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
