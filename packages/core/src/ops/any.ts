import { alloc, type Buffer, type Tensor, vectorized, wrap } from "./shared/op.ts"
import { type ReduceOptions, reduced } from "./shared/reduced.ts"

/**
 * 1 where an entry is other than 0 over the reduced axes, else 0. No gradient.
 *
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function any(x: Tensor, options: ReduceOptions = {}): Tensor {
  const r = reduced("any", x, options)
  const y = alloc(r.size)
  anyForward(r.data, y, r.outer, r.n, r.inner)
  return wrap(y, r.shape)
}

const anyForward = vectorized("anyForward", (x: Buffer, y: Buffer, outer: number, n: number, inner: number) => {
  for (let o = 0, at = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) y[o * inner + j] = 0
    for (let k = 0; k < n; k++, at += inner) {
      for (let j = 0; j < inner; j++) if (x[at + j] !== 0) y[o * inner + j] = 1
    }
  }
})
