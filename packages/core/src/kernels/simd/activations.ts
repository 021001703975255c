import { type FunctionBuilder, f32x4, type Local, v128 } from "../wasm/index.ts"
import { elementwise } from "./elementwise.ts"
import { choose, erf, expm1OfNegative, expOfNegative, sigmoid, softplus, tanh, type Vector, when } from "./vector.ts"

// Twins of the loops of the same names in `ops/`, where the formulas are explained.

const c = (value: number) => f32x4.const(value)
const { abs, add, div, eq, ge, gt, le, lt, max, min, mul, neg, pmin, sub } = f32x4

/** y = f(x) */
function forward(name: string, cost: number, y: (f: FunctionBuilder, x: Local<"v128">) => Vector, exact = false) {
  return elementwise(name, ["in x", "out y"], (f, { x }) => ({ y: y(f, x) }), { cost, exact })
}

/** dx += f'(x) dy; the first buffer is the input or the output, as the loop has it. */
function backward(
  name: string,
  cost: number,
  slope: (f: FunctionBuilder, x: Local<"v128">, dy: Local<"v128">) => Vector,
  exact = false,
) {
  const parameters = ["in x", "in dy", "inout dx"] as const
  return elementwise(name, parameters, (f, { x, dy, dx }) => ({ dx: add(dx, slope(f, x, dy)) }), { cost, exact })
}

// A NaN is not <= 0 and passes through, as in the loop.
export const reluForward = forward("reluForward", 4, (_, x) => v128.andnot(x, le(x, c(0))), true)
export const reluBackward = backward("reluBackward", 5, (_, x, dy) => v128.and(dy, gt(x, c(0))))

export const relu6Forward = forward("relu6Forward", 4, (_, x) => min(max(x, c(0)), c(6)), true)
export const relu6Backward = backward(
  "relu6Backward",
  6,
  (_, x, dy) => when(v128.and(gt(x, c(0)), lt(x, c(6))), dy),
  true,
)

/** The masks of x above and at the threshold, and the slope there and above: what Keras's relu has options for. */
export const boundedReluForward = elementwise(
  "boundedReluForward",
  ["in x", "out y", "float slope", "float max", "float threshold"],
  (_, { x, slope, max: most, threshold }) => ({
    y: choose(gt(x, threshold), min(x, most), mul(slope, sub(x, threshold))),
  }),
)
export const boundedReluBackward = elementwise(
  "boundedReluBackward",
  ["in x", "in dy", "inout dx", "float slope", "float max", "float threshold", "float atThreshold", "float atMax"],
  (_, { x, dy, dx, slope, max: most, threshold, atThreshold, atMax }) => {
    // Selected, not multiplied by 0: beyond the bounds not even a NaN passes.
    const above = choose(lt(x, most), dy, v128.and(mul(atMax, dy), eq(x, most)))
    const below = mul(choose(eq(x, threshold), atThreshold, slope), dy)
    return { dx: add(dx, choose(gt(x, threshold), above, below)) }
  },
  { cost: 9 },
)

export const leakyReluForward = elementwise(
  "leakyReluForward",
  ["in x", "out y", "float slope"],
  (_, { x, slope }) => ({
    y: choose(gt(x, c(0)), x, mul(slope, x)),
  }),
)
export const leakyReluBackward = elementwise(
  "leakyReluBackward",
  ["in x", "in dy", "inout dx", "float slope"],
  (_, { x, dy, dx, slope }) => ({ dx: add(dx, choose(gt(x, c(0)), dy, mul(slope, dy))) }),
)

export const preluForward = elementwise("preluForward", ["in x", "in alpha", "out y"], (_, { x, alpha }) => ({
  y: choose(gt(x, c(0)), x, mul(alpha, x)),
}))
export const preluBackward = elementwise(
  "preluBackward",
  ["in x", "in alpha", "in dy", "inout dx"],
  (_, { x, alpha, dy, dx }) => {
    const below = v128.and(mul(alpha, dy), lt(x, c(0)))
    return { dx: add(dx, choose(gt(x, c(0)), dy, below)) }
  },
)
export const preluSlopeBackward = elementwise(
  "preluSlopeBackward",
  ["in x", "in dy", "inout dalpha"],
  (_, { x, dy, dalpha }) => ({ dalpha: add(dalpha, v128.and(mul(x, dy), lt(x, c(0)))) }),
)

export const eluForward = elementwise(
  "eluForward",
  ["in x", "out y", "float alpha"],
  (f, { x, alpha }) => ({ y: choose(gt(x, c(0)), x, mul(alpha, expm1OfNegative(f, pmin(x, c(0))))) }),
  { cost: 30 },
)
export const eluBackward = elementwise(
  "eluBackward",
  ["in x", "in y", "in dy", "inout dx", "float alpha"],
  (_, { x, y, dy, dx, alpha }) => ({ dx: add(dx, choose(gt(x, c(0)), dy, mul(add(y, alpha), dy))) }),
  { cost: 8 },
)

const scale = 1.0507009873554805
const scaleAlpha = 1.7580993408473766

export const seluForward = forward("seluForward", 30, (f, x) => {
  const low = mul(c(scaleAlpha), expm1OfNegative(f, pmin(x, c(0))))
  return choose(gt(x, c(0)), mul(c(scale), x), low)
})
export const seluBackward = backward("seluBackward", 8, (_, y, dy) =>
  mul(choose(lt(y, c(0)), add(y, c(scaleAlpha)), c(scale)), dy),
)

export const tanhForward = forward("tanhForward", 34, tanh)
export const tanhBackward = backward("tanhBackward", 6, (_, y, dy) => mul(sub(c(1), mul(y, y)), dy))

export const sigmoidForward = forward("sigmoidForward", 34, sigmoid)
export const sigmoidBackward = backward("sigmoidBackward", 6, (_, y, dy) => mul(mul(y, sub(c(1), y)), dy))

export const siluForward = forward("siluForward", 36, (f, x) => mul(x, sigmoid(f, x)))
export const siluBackward = backward("siluBackward", 40, (f, x, dy) => {
  const s = f.let("s", sigmoid(f, x))
  return mul(mul(s, add(c(1), mul(x, sub(c(1), s)))), dy)
})

export const softsignForward = forward("softsignForward", 8, (_, x) => div(x, add(c(1), abs(x))))
export const softsignBackward = backward("softsignBackward", 10, (f, x, dy) => {
  const bottom = f.let("bottom", add(c(1), abs(x)))
  return div(dy, mul(bottom, bottom))
})

export const hardSigmoidForward = forward("hardSigmoidForward", 8, (_, x) =>
  div(min(max(add(x, c(3)), c(0)), c(6)), c(6)),
)
export const hardSigmoidBackward = backward("hardSigmoidBackward", 8, (_, x, dy) =>
  v128.and(div(dy, c(6)), v128.and(gt(x, c(-3)), lt(x, c(3)))),
)

/** P(x) = (1 + erf(x / sqrt 2)) / 2 */
function normalDistribution(f: FunctionBuilder, x: Local<"v128">): Vector {
  return mul(c(0.5), add(c(1), erf(f, mul(x, c(Math.SQRT1_2)))))
}

export const geluForward = forward("geluForward", 30, (f, x) => mul(x, normalDistribution(f, x)))
export const geluBackward = backward("geluBackward", 60, (f, x, dy) => {
  const density = mul(c(0.3989422804014327), expOfNegative(f, mul(c(-0.5), mul(x, x))))
  const kept = f.let("density", density)
  return mul(add(normalDistribution(f, x), mul(x, kept)), dy)
})

const geluSlope = 0.7978845608028654
const geluCubic = 0.044715

/** tanh(sqrt(2 / pi) (x + 0.044715 x³)) */
function geluTanh(f: FunctionBuilder, x: Local<"v128">): Vector {
  return tanh(f, mul(c(geluSlope), add(x, mul(mul(c(geluCubic), x), mul(x, x)))))
}

export const geluTanhForward = forward("geluTanhForward", 40, (f, x) => mul(mul(c(0.5), x), add(c(1), geluTanh(f, x))))
export const geluTanhBackward = backward("geluTanhBackward", 50, (f, x, dy) => {
  const t = f.let("t", geluTanh(f, x))
  const inner = mul(c(geluSlope), add(c(1), mul(c(3 * geluCubic), mul(x, x))))
  const slope = mul(mul(x, sub(c(1), mul(t, t))), inner)
  return mul(mul(c(0.5), add(add(c(1), t), slope)), dy)
})

export const softplusForward = forward("softplusForward", 60, softplus)
export const softplusBackward = backward("softplusBackward", 40, (f, x, dy) => mul(sigmoid(f, x), dy))

export const logSigmoidForward = forward("logSigmoidForward", 60, (f, x) => neg(softplus(f, neg(x))))
export const logSigmoidBackward = backward("logSigmoidBackward", 40, (f, x, dy) => mul(sigmoid(f, neg(x)), dy))

interface Mish {
  /** tanh(softplus(x)) */
  readonly t: Local<"v128">
  /** 1 / (1 + e^-x) */
  readonly s: Vector
}

/** tanh(log(1 + w)) = ((1 + w)² - 1) / ((1 + w)² + 1), from e = e^-|x| <= 1, with both sides divided by w² for x > 0. */
function mish(f: FunctionBuilder, x: Local<"v128">): Mish {
  const e = f.let("e", expOfNegative(f, neg(abs(x))))
  const below = f.let("below", lt(x, c(0)))
  const top = f.let("top", choose(below, mul(e, add(e, c(2))), add(c(1), add(e, e))))
  const rest = choose(below, c(2), mul(c(2), mul(e, e)))
  const s = div(choose(below, e, c(1)), add(c(1), e))
  return { t: f.let("t", div(top, add(top, rest))), s }
}

export const mishForward = forward("mishForward", 40, (f, x) => mul(x, mish(f, x).t))
export const mishBackward = backward("mishBackward", 50, (f, x, dy) => {
  const { t, s } = mish(f, x)
  return mul(add(t, mul(mul(x, sub(c(1), mul(t, t))), s)), dy)
})

export const hardSiluForward = forward("hardSiluForward", 8, (_, x) =>
  mul(x, div(min(max(add(x, c(3)), c(0)), c(6)), c(6))),
)
export const hardSiluBackward = backward("hardSiluBackward", 10, (_, x, dy) => {
  const inside = mul(add(div(x, c(3)), c(0.5)), dy)
  return choose(ge(x, c(3)), dy, when(gt(x, c(-3)), inside))
})
