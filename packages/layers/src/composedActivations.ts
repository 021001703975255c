import {
  abs,
  add,
  clip,
  div,
  elu,
  greater,
  hardSigmoid,
  less,
  minimum,
  mul,
  relu,
  sqrt,
  square,
  sub,
  type Tensor,
  tanh,
  where,
} from "@selvedge/core"

// Activations that are a line or two over core's operations. All keep the shape.
// Formulas are those of https://keras.io/api/layers/activations/

/** y = x where x > 0, alpha (exp(x / alpha) - 1) elsewhere: an ELU without a kink at 0. Barron, 2017. */
export function celu(x: Tensor, { alpha = 1 }: { readonly alpha?: number } = {}): Tensor {
  return mul(elu(div(x, alpha)), alpha)
}

/** y = clip(scale x / 6 + 1/2, 0, 1). Keras 2's is that of scale 1.2. */
export function scaledHardSigmoid(x: Tensor, { scale = 1 }: { readonly scale?: number } = {}): Tensor {
  return hardSigmoid(scale === 1 ? x : mul(x, scale))
}

/** y = x where |x| > threshold, else 0. */
export function hardShrink(x: Tensor, { threshold = 0.5 }: { readonly threshold?: number } = {}): Tensor {
  return where(greater(abs(x), threshold), x, 0)
}

/** y = min(max(x, -1), 1). */
export function hardTanh(x: Tensor): Tensor {
  return clip(x, -1, 1)
}

/** y = x - threshold above it, x + threshold below -threshold, else 0. */
export function softShrink(x: Tensor, { threshold = 0.5 }: { readonly threshold?: number } = {}): Tensor {
  return where(greater(x, threshold), sub(x, threshold), where(less(x, -threshold), add(x, threshold), 0))
}

/** y = 0 up to -1, (x + 1)² / 4 up to 1, x beyond. Martins and Astudillo, 2016. */
export function sparsePlus(x: Tensor): Tensor {
  return where(less(x, 1), mul(square(relu(add(x, 1))), 0.25), x)
}

/** y = 0 up to -1, (x + 1) / 2 up to 1, 1 beyond. */
export function sparseSigmoid(x: Tensor): Tensor {
  return where(greater(x, -1), where(less(x, 1), mul(add(x, 1), 0.5), 1), 0)
}

/**
 * y = (x + sqrt(x² + b)) / 2: a softplus without exponentials. Barron, 2021.
 * For x below 0 as b / (2 (sqrt(x² + b) - x)), in which nothing cancels.
 */
export function squareplus(x: Tensor, { b = 4 }: { readonly b?: number } = {}): Tensor {
  const root = sqrt(add(square(x), b))
  return where(greater(x, 0), mul(add(x, root), 0.5), div(b / 2, sub(root, minimum(x, 0))))
}

/** y = x - tanh x. */
export function tanhShrink(x: Tensor): Tensor {
  return sub(x, tanh(x))
}
