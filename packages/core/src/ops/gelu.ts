import { checkBoolean, checkKeys } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { erfc, exp, tanh } from "../math.ts"
import { alloc, type Buffer, operand, recordVectorized, type Tensor, vectorized } from "./shared/op.ts"

const sqrtHalf = Math.sqrt(0.5)
const inverseSqrtTwoPi = 0.3989422804014327
const sqrtTwoOverPi = 0.7978845608028654
const cubic = 0.044715

/**
 * Gaussian error linear unit.                                             shape kept
 *
 *   y  = x P(x), P the standard normal distribution function
 *   dx += (P(x) + x p(x)) dy, p its density
 *
 * With `approximate` (default false) P is taken as (1 + tanh(sqrt(2/pi) (x + 0.044715 x³))) / 2.
 * Hendrycks, Gimpel, "Gaussian Error Linear Units", 2016. P comes from erfc, so the lower tail keeps its digits.
 * @throws OptionError for an unknown option.
 */
export function gelu(x: Tensor, options: { readonly approximate?: boolean } = {}): Tensor {
  checkKeys("gelu", options, ["approximate"])
  const approximate = checkBoolean("gelu", "approximate", options.approximate ?? false)
  const [a, y] = [operand("gelu", x), alloc(x.size)]
  if (approximate) geluTanhForward(a, y)
  else geluForward(a, y)
  return recordVectorized("gelu", y, x.shape, [x], (dy, dx) => {
    if (dx && approximate) geluTanhBackward(a, dy, dx)
    else if (dx) geluBackward(a, dy, dx)
  })
}

const geluForward = vectorized(
  "geluForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) y[i] = 0.5 * x[i] * erfc(-x[i] * sqrtHalf)
  },
  simd.geluForward,
)

const geluBackward = vectorized(
  "geluBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) {
      const density = inverseSqrtTwoPi * exp(-0.5 * x[i] * x[i])
      dx[i] += (0.5 * erfc(-x[i] * sqrtHalf) + x[i] * density) * dy[i]
    }
  },
  simd.geluBackward,
)

const geluTanhForward = vectorized(
  "geluTanhForward",
  (x: Buffer, y: Buffer) => {
    for (let i = 0; i < y.length; i++) {
      y[i] = 0.5 * x[i] * (1 + tanh(sqrtTwoOverPi * (x[i] + cubic * x[i] * x[i] * x[i])))
    }
  },
  simd.geluTanhForward,
)

const geluTanhBackward = vectorized(
  "geluTanhBackward",
  (x: Buffer, dy: Buffer, dx: Buffer) => {
    for (let i = 0; i < dx.length; i++) {
      const t = tanh(sqrtTwoOverPi * (x[i] + cubic * x[i] * x[i] * x[i]))
      const slope = sqrtTwoOverPi * (1 + 3 * cubic * x[i] * x[i])
      dx[i] += 0.5 * (1 + t + x[i] * (1 - t * t) * slope) * dy[i]
    }
  },
  simd.geluTanhBackward,
)
