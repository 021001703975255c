import { checkKeys, checkNumber, ShapeError } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { resolveAxes, sameShape, sizeOf } from "../shape.ts"
import { ones } from "./ones.ts"
import { addBiasSums } from "./shared/bias.ts"
import { toLast } from "./shared/lastAxis.ts"
import { alloc, type Buffer, read, record, type Tensor, vectorized } from "./shared/op.ts"
import { zeros } from "./zeros.ts"

/** What `layerNorm` may be told. */
export interface LayerNormOptions {
  /** The axis or axes over which each sample is normalised; the last by default. */
  readonly axis?: number | readonly number[]
  /** Added to the variance. Default 1e-3, as in Keras. */
  readonly epsilon?: number
}

/**
 * Layer normalisation: each sample over its own features.       x [..., n], gamma [n], beta [n] -> [..., n]
 *
 *   h      = (x - mean) i, i = 1 / sqrt(variance + epsilon), over the last axis, variance biased
 *   y      = gamma h + beta
 *   dx     += i (g - mean(g) - h mean(g h)), g = gamma dy
 *   dgamma += sum over samples of dy h
 *   dbeta  += sum over samples of dy
 *
 * Ba, Kiros, Hinton, "Layer Normalization", 2016. With several axes, gamma and beta have the shape of those. They may
 * be null: 1 and 0.
 * @throws ShapeError when gamma or beta has another shape, or an axis does not exist; OptionError for bad options.
 */
export function layerNorm(
  x: Tensor,
  gamma: Tensor | null = null,
  beta: Tensor | null = null,
  options: LayerNormOptions = {},
): Tensor {
  const a = read("layerNorm", x)
  checkKeys("layerNorm", options, ["axis", "epsilon"])
  const epsilon = checkNumber("layerNorm", "epsilon", options.epsilon ?? 1e-3, { min: 0 })
  const axes = resolveAxes("layerNorm", options.axis ?? -1, x.rank)
  const elsewhere = toLast(x, ...axes)
  if (elsewhere) {
    const last = axes.map((_, i) => i - axes.length)
    return elsewhere[1](layerNorm(elsewhere[0], gamma, beta, { axis: last, epsilon }))
  }
  const features = x.shape.slice(x.rank - axes.length)
  checkFeatures(x, features, { gamma, beta })
  const n = sizeOf(features)
  const rows = n === 0 ? 0 : x.size / n
  const [scale, shift] = [gamma ?? ones(features), beta ?? zeros(features)]
  const [g, b] = [read("layerNorm", scale), read("layerNorm", shift)]
  const [h, inverse, y] = [alloc(x.size), alloc(rows), alloc(x.size)]
  layerNormForward(a, g, b, h, inverse, y, rows, n, epsilon)
  return record("layerNorm", y, x.shape, [x, scale, shift], (dy, dx, dgamma, dbeta) => {
    if (dx) layerNormBackward(h, g, inverse, dy, dx, rows, n)
    if (dgamma) layerNormGammaBackward(h, dy, dgamma, rows, n)
    if (dbeta) addBiasSums(dy, dbeta, rows, n)
  })
}

/** h = each row normalised, inverse = 1 / its deviation, y = gamma h + beta. */
const layerNormForward = vectorized(
  "layerNormForward",
  (
    x: Buffer,
    gamma: Buffer,
    beta: Buffer,
    h: Buffer,
    inverse: Buffer,
    y: Buffer,
    rows: number,
    n: number,
    epsilon: number,
  ) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let mean = 0
      for (let j = 0; j < n; j++) mean += x[at + j]
      mean /= n
      let variance = 0
      for (let j = 0; j < n; j++) variance += (x[at + j] - mean) * (x[at + j] - mean)
      const scale = 1 / Math.sqrt(variance / n + epsilon)
      inverse[r] = scale
      for (let j = 0; j < n; j++) {
        const normal = (x[at + j] - mean) * scale
        h[at + j] = normal
        y[at + j] = normal * gamma[j] + beta[j]
      }
    }
  },
  simd.layerNormForward,
)

const layerNormBackward = vectorized(
  "layerNormBackward",
  (h: Buffer, gamma: Buffer, inverse: Buffer, dy: Buffer, dx: Buffer, rows: number, n: number) => {
    for (let r = 0, at = 0; r < rows; r++, at += n) {
      let [sum, product] = [0, 0]
      for (let j = 0; j < n; j++) {
        const g = gamma[j] * dy[at + j]
        sum += g
        product += g * h[at + j]
      }
      for (let j = 0; j < n; j++) {
        dx[at + j] += inverse[r] * (gamma[j] * dy[at + j] - (sum + h[at + j] * product) / n)
      }
    }
  },
  simd.layerNormBackward,
)

/** dgamma += sum over rows of h dy. */
const layerNormGammaBackward = vectorized(
  "layerNormGammaBackward",
  (h: Buffer, dy: Buffer, dgamma: Buffer, rows: number, n: number) => {
    const sums = new Float64Array(n)
    for (let r = 0, at = 0; r < rows; r++, at += n) for (let j = 0; j < n; j++) sums[j] += h[at + j] * dy[at + j]
    for (let j = 0; j < n; j++) dgamma[j] += sums[j]
  },
)

function checkFeatures(x: Tensor, features: readonly number[], perFeature: Record<string, Tensor | null>): void {
  for (const [name, t] of Object.entries(perFeature)) {
    if (!t || sameShape(t.shape, features)) continue
    throw new ShapeError(`layerNorm: ${name} must have shape [${features.join(", ")}]`, {
      facts: { x: x.shape, [name]: t.shape },
      rule: "one number for each feature of a sample",
    })
  }
}
