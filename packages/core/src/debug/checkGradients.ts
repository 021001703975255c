import { grad } from "../autograd.ts"
import { checkKeys, checkNumber, formatShape, SelvedgeError } from "../errors.ts"
import { stream } from "../random/stream.ts"
import { withFloat64 } from "../storage.ts"
import { type Tensor, wrap } from "../tensor.ts"

/** What `checkGradients` may be told. */
export interface CheckGradientsOptions {
  /** The largest error allowed. Default 1e-6. */
  readonly tolerance?: number
  /** Half the distance between the two points of a difference, for entries up to 1. Default 1e-5. */
  readonly step?: number
  /** Chooses the cotangent. Default 0. */
  readonly seed?: number
}

/** The entry of an input where formula and difference disagree most. */
export interface WorstEntry {
  /** Which input, and where in it. */
  readonly input: number
  readonly index: readonly number[]
  /** From `backward`. */
  readonly analytic: number
  /** From the difference. */
  readonly numeric: number
  readonly error: number
}

/** What `checkGradients` found. */
export interface GradientReport {
  /** How many entries were checked: all of every input that wants a gradient. */
  readonly checked: number
  readonly worst: WorstEntry | null
}

/**
 * Checks a function's gradients against central differences, in float64, at every entry of every input.
 *
 *   s(x) = sum(c * fn(x)), c random normal
 *   error = |ds/dx - (s(x + h) - s(x - h)) / 2h| / max(|analytic|, |numeric|, 1e-3 (1 + |s|))
 *
 * A random c, because some mistakes cancel in a plain sum: the entries of a softmax always add up to 1. The last term
 * of the maximum is where rounding drowns a difference. Inputs that have `requiresGrad` are checked, or all when none
 * has. `fn` must be smooth near the inputs and give the same for the same ones: a dropout inside needs a fixed stream.
 *
 *     checkGradients((x, w) => tanh(matmul(x, w)), [randomNormal([4, 3]), randomNormal([3, 2])])
 *
 * @throws SelvedgeError naming the worst entry when its error is above the tolerance or not a number.
 */
export function checkGradients(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  options: CheckGradientsOptions = {},
): GradientReport {
  checkKeys("checkGradients", options, ["tolerance", "step", "seed"])
  const tolerance = checkNumber("checkGradients", "tolerance", options.tolerance ?? 1e-6, { above: 0 })
  const step = checkNumber("checkGradients", "step", options.step ?? 1e-5, { above: 0 })
  const report = withFloat64(() => compare(fn, inputs, step, options.seed ?? 0))
  const { worst } = report
  if (worst !== null && !(worst.error <= tolerance)) throw disagreement(worst, inputs, tolerance)
  return report
}

function compare(
  fn: (...inputs: Tensor[]) => Tensor,
  inputs: readonly Tensor[],
  step: number,
  seed: number,
): GradientReport {
  const all = !inputs.some(x => x.requiresGrad)
  const xs = inputs.map(x => wrap(Float64Array.from(x.read()), x.shape, { requiresGrad: all || x.requiresGrad }))
  const y = fn(...xs)
  const cotangent = wrap(stream(seed, "checkGradients", "cotangent").normal(new Float64Array(y.size)), y.shape)
  const dot = () => inner(fn(...xs), cotangent)
  const floor = 1e-3 * (1 + Math.abs(inner(y, cotangent)))
  const analytic = grad(y, xs, cotangent)
  let [checked, worst]: [number, WorstEntry | null] = [0, null]
  xs.forEach((x, input) => {
    for (let i = 0; x.requiresGrad && i < x.size; i++, checked++) {
      const [a, n] = [analytic[input].read()[i], difference(x.write(), i, step, dot)]
      const error = Math.abs(a - n) / Math.max(Math.abs(a), Math.abs(n), floor)
      if (worst !== null && error <= worst.error) continue
      worst = { input, index: unravel(i, x.shape), analytic: a, numeric: n, error }
    }
  })
  return { checked, worst }
}

function difference(x: Float32Array | Float64Array, i: number, step: number, value: () => number): number {
  const middle = x[i]
  const h = step * Math.max(1, Math.abs(middle))
  x[i] = middle + h
  const [above, high] = [value(), x[i]]
  x[i] = middle - h
  const [below, low] = [value(), x[i]]
  x[i] = middle
  return (above - below) / (high - low)
}

function inner(a: Tensor, b: Tensor): number {
  const [u, v] = [a.read(), b.read()]
  let sum = 0
  for (let i = 0; i < u.length; i++) sum += u[i] * v[i]
  return sum
}

function unravel(flat: number, shape: readonly number[]): number[] {
  const index: number[] = []
  let rest = flat
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index.unshift(rest % shape[axis])
    rest = Math.floor(rest / shape[axis])
  }
  return index
}

function disagreement(worst: WorstEntry, inputs: readonly Tensor[], tolerance: number): SelvedgeError {
  const { input, index, analytic, numeric, error } = worst
  const name = inputs[input].name ? ` ("${inputs[input].name}")` : ""
  return new SelvedgeError(`checkGradients: input ${input}${name} has a wrong gradient at ${formatShape(index)}`, {
    facts: { input: inputs[input].shape, analytic, numeric, error: `${error.toExponential(2)}, allowed ${tolerance}` },
    hint: "the function must be smooth there and give the same value each time",
  })
}
