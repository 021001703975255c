import { ShapeError } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { sameShape } from "../shape.ts"
import { alloc, type Buffer, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"
import { stretch } from "./shared/stretch.ts"

/**
 * Rectifier with a learned slope.               x [...], alpha: broadcasts to it -> shape of x
 *
 *   y      = x where x > 0, else alpha x
 *   dx     += dy where x > 0, alpha dy where x < 0
 *   dalpha += x dy where x < 0
 *
 * He et al., "Delving Deep into Rectifiers", 2015; at 0 both derivatives are 0, as in Keras.
 * @throws ShapeError when alpha does not broadcast to the shape of x.
 */
export function prelu(x: Tensor, alpha: Tensor): Tensor {
  const [[a, w], shape] = stretch("prelu", x, alpha)
  if (!sameShape(shape, x.shape)) {
    throw new ShapeError("prelu: alpha is larger than the input", { facts: { x: x.shape, alpha: alpha.shape } })
  }
  const y = alloc(x.size)
  preluForward(a.data, w.data, y)
  return recordVectorized("prelu", y, shape, [x, alpha], (dy, dx, dalpha) => {
    if (dx) preluBackward(a.data, w.data, dy, dx)
    w.gather(dalpha, full => preluSlopeBackward(a.data, dy, full))
  })
}

const preluForward = vectorized(
  "preluForward",
  (x: Buffer, alpha: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = x[i] > 0 ? x[i] : alpha[i] * x[i]
  },
  simd.preluForward,
)

const preluBackward = vectorized(
  "preluBackward",
  (x: Buffer, alpha: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) dx[i] += x[i] > 0 ? dy[i] : x[i] < 0 ? alpha[i] * dy[i] : 0
  },
  simd.preluBackward,
)

const preluSlopeBackward = vectorized(
  "preluSlopeBackward",
  (x: Buffer, dy: Buffer, dalpha: Buffer) => {
    for (let i = 0; i < dalpha.length; i++) if (x[i] < 0) dalpha[i] += x[i] * dy[i]
  },
  simd.preluSlopeBackward,
)
