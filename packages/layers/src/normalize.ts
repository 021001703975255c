import { div, maximum, sqrt, square, sum, type Tensor } from "@selvedge/core"

/**
 * x / max(|x|, epsilon), the norm taken along `axis`: Keras's `ops.normalize` of order 2.       [...] -> [...]
 */
export function normalize(x: Tensor, axis: number | readonly number[], epsilon = 1e-7): Tensor {
  const squares = sum(square(x), { axis, keepDims: true })
  return div(x, sqrt(maximum(squares, epsilon * epsilon)))
}
