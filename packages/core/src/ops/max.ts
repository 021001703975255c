import { extremeBackward } from "./shared/extremes.ts"
import { alloc, type Buffer, record, type Tensor, vectorized } from "./shared/op.ts"
import { type ReduceOptions, reducedSome } from "./shared/reduced.ts"

/**
 * Largest entry over one, several or all axes.                shape without the reduced axes; 1 there with keepDims
 *
 *   y  = max x; NaN when there is one
 *   dx += dy / (number of entries equal to y) at each of those, as in TensorFlow
 *
 * @throws ShapeError for an axis that does not exist or nothing to reduce; OptionError for an unknown option.
 */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  const r = reducedSome("max", x, options)
  const y = alloc(r.size)
  maxForward(r.data, y, r.outer, r.n, r.inner)
  return record("max", y, r.shape, [x], (dy, dx) => {
    r.gather(dx, full => extremeBackward(r.data, y, dy, full, r.outer, r.n, r.inner))
  })
}

const maxForward = vectorized("maxForward", (x: Buffer, y: Buffer, outer: number, n: number, inner: number) => {
  for (let o = 0, at = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) y[o * inner + j] = -Infinity
    for (let k = 0; k < n; k++, at += inner) {
      for (let j = 0; j < inner; j++) y[o * inner + j] = Math.max(y[o * inner + j], x[at + j])
    }
  }
})
