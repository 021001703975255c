import { checkKeys, ShapeError } from "../errors.ts"
import { gemm } from "../kernels/gemm.ts"
import { addBiasSums } from "./shared/bias.ts"
import { alloc, type Buffer, read, record, type Tensor, vectorized } from "./shared/op.ts"
import { type ConvOptions, windowsOver } from "./shared/windows.ts"

/**
 * Convolution of images (cross-correlation, as in Keras).
 *                              x [batch, h, w, c], kernel [kh, kw, c, f], bias [f] -> [batch, oh, ow, f]
 *
 *   P       = the windows of x as rows, [oh ow, kh kw c], zeros outside the image
 *   y       = P kernel + bias, image by image
 *   dx      += dy kernelᵀ, put back where the windows came from
 *   dkernel += Pᵀ dy
 *   dbias   += sum of dy over all windows
 *
 * @throws ShapeError when x is not images, the channels differ, or a window does not fit; OptionError for bad options.
 * @see https://keras.io/api/layers/convolution_layers/convolution2d/
 */
export function conv2d(x: Tensor, kernel: Tensor, bias: Tensor | null = null, options: ConvOptions = {}): Tensor {
  checkKeys("conv2d", options, ["strides", "padding", "dilation"])
  const [a, w, added] = [read("conv2d", x), read("conv2d", kernel), bias && read("conv2d", bias)]
  checkKernel(x, kernel, bias)
  const [kh, kw, c, f] = kernel.shape
  const { height, width, taps } = windowsOver("conv2d", x.shape, [kh, kw], options)
  const [batch, windows, k] = [x.shape[0], height * width, kh * kw * c]
  const [image, out] = [x.shape[1] * x.shape[2] * c, windows * f]
  const [patches, y] = [alloc(windows * k), alloc(batch * out)]
  for (let i = 0; i < batch; i++) {
    patchesForward(a.subarray(i * image, (i + 1) * image), taps, patches, c)
    gemm(patches, w, y.subarray(i * out, (i + 1) * out), windows, f, k, { bias: added })
  }
  const inputs = bias ? [x, kernel, bias] : [x, kernel]
  return record("conv2d", y, [batch, height, width, f], inputs, (dy, dx, dw, db) => {
    for (let i = 0; i < batch; i++) {
      const g = dy.subarray(i * out, (i + 1) * out)
      if (dw) {
        patchesForward(a.subarray(i * image, (i + 1) * image), taps, patches, c)
        gemm(patches, g, dw, k, f, windows, { transposeA: true, accumulate: true })
      }
      if (dx) {
        gemm(g, w, patches, windows, k, f, { transposeB: true })
        patchesBackward(patches, taps, dx.subarray(i * image, (i + 1) * image), c)
      }
    }
    if (db) addBiasSums(dy, db, batch * windows, f)
  })
}

/** patches = the c numbers of each tapped pixel, zeros for -1. */
const patchesForward = vectorized("patchesForward", (x: Buffer, taps: Int32Array, patches: Buffer, c: number) => {
  for (let t = 0; t < taps.length; t++) {
    const from = taps[t] * c
    for (let j = 0; j < c; j++) patches[t * c + j] = from < 0 ? 0 : x[from + j]
  }
})

/** dx += patches, at the pixels tapped. */
const patchesBackward = vectorized("patchesBackward", (patches: Buffer, taps: Int32Array, dx: Buffer, c: number) => {
  for (let t = 0; t < taps.length; t++) {
    const to = taps[t] * c
    if (to >= 0) for (let j = 0; j < c; j++) dx[to + j] += patches[t * c + j]
  }
})

function checkKernel(x: Tensor, kernel: Tensor, bias: Tensor | null): void {
  const facts = { x: x.shape, kernel: kernel.shape, ...(bias ? { bias: bias.shape } : {}) }
  if (kernel.rank !== 4) throw new ShapeError("conv2d: the kernel is [height, width, in, out]", { facts })
  if (x.rank === 4 && x.shape[3] !== kernel.shape[2]) {
    throw new ShapeError(`conv2d: kernel expects ${kernel.shape[2]} channels, the input has ${x.shape[3]}`, {
      facts,
      rule: "the input's last dimension = the kernel's third",
    })
  }
  if (bias && (bias.rank !== 1 || bias.size !== kernel.shape[3])) {
    throw new ShapeError(`conv2d: bias must have shape [${kernel.shape[3]}]`, { facts })
  }
}
