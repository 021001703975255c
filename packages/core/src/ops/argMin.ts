import { alloc, type Buffer, type Tensor, vectorized, wrap } from "./shared/op.ts"
import { type ReduceOptions, reducedSome } from "./shared/reduced.ts"

/**
 * Position of the smallest entry along an axis, the first of equals; a NaN counts as smallest. No gradient.
 *
 * Without an axis, the position in row-major order of all entries. Several axes count as one, in row-major order.
 * @throws ShapeError for an axis that does not exist or nothing to reduce; OptionError for an unknown option.
 */
export function argMin(x: Tensor, options: ReduceOptions = {}): Tensor {
  const r = reducedSome("argMin", x, options)
  const y = alloc(r.size)
  argMinForward(r.data, y, r.outer, r.n, r.inner)
  return wrap(y, r.shape)
}

const argMinForward = vectorized("argMinForward", (x: Buffer, y: Buffer, outer: number, n: number, inner: number) => {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      const first = o * n * inner + j
      let best = 0
      for (let k = 1; k < n; k++) {
        const [value, known] = [x[first + k * inner], x[first + best * inner]]
        if (value < known || (Number.isNaN(value) && !Number.isNaN(known))) best = k
      }
      y[o * inner + j] = best
    }
  }
})
