import { type Buffer, record, type Tensor, vectorized } from "./shared/op.ts"
import { folded, type ReduceOptions } from "./shared/reduced.ts"

/**
 * Product over one, several or all axes.                    shape without the reduced axes; 1 there with keepDims
 *
 *   y  = product of x, 1 over nothing
 *   dx += (product of all other entries) dy, exact also where x is 0
 *
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  const { r, y } = folded("prod", x, options, prodForward)
  return record("prod", y, r.shape, [x], (dy, dx) => {
    r.gather(dx, full => prodBackward(r.data, dy, full, r.outer, r.n, r.inner))
  })
}

const prodForward = vectorized("prodForward", (x: Buffer, y: Buffer, outer: number, n: number, inner: number) => {
  for (let o = 0; o < outer; o++) {
    for (let j = 0; j < inner; j++) {
      let product = 1
      for (let k = 0; k < n; k++) product *= x[(o * n + k) * inner + j]
      y[o * inner + j] = product
    }
  }
})

const prodBackward = vectorized(
  "prodBackward",
  (x: Buffer, dy: Buffer, dx: Buffer, outer: number, n: number, inner: number) => {
    const before = new Float64Array(n)
    for (let o = 0; o < outer; o++) {
      for (let j = 0; j < inner; j++) {
        const first = o * n * inner + j
        for (let k = 0, product = 1; k < n; k++) {
          before[k] = product
          product *= x[first + k * inner]
        }
        for (let k = n - 1, after = 1; k >= 0; k--) {
          dx[first + k * inner] += before[k] * after * dy[o * inner + j]
          after *= x[first + k * inner]
        }
      }
    }
  },
)
