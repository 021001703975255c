import { type FunctionBuilder, f32x4, type Local } from "../wasm/index.ts"
import { elementwise } from "./elementwise.ts"
import { flush, sign, type Vector } from "./vector.ts"

// Twins of the optimizers' update loops of the same names: one pass over a weight, its gradient and its slots. Running
// means move by a share of the distance, mean += share (x - mean): in float32, 1 - share would not be what was meant.

const c = (value: number) => f32x4.const(value)
const { abs, add, div, max, min, mul, neg, pmax, sqrt, sub } = f32x4
type Four = Local<"v128">

/** The next value of a slot, kept for use in the formula. */
function slot(f: FunctionBuilder, value: Vector): Four {
  const next = f.let("next", value)
  f.set(next, flush(next))
  return next
}

/** mean + share (x - mean) */
function towards(f: FunctionBuilder, mean: Four, x: Vector, share: Four): Four {
  return slot(f, add(mean, mul(share, sub(x, mean))))
}

export const sgdUpdate = elementwise("sgdUpdate", ["inout w", "in g", "float rate"], (_, { w, g, rate }) => ({
  w: sub(w, mul(rate, g)),
}))

export const momentumUpdate = elementwise(
  "momentumUpdate",
  ["inout w", "in g", "inout m", "float rate", "float momentum"],
  (f, { w, g, m, rate, momentum }) => {
    const next = slot(f, sub(mul(momentum, m), mul(rate, g)))
    return { w: add(w, next), m: next }
  },
  { cost: 9 },
)

export const nesterovUpdate = elementwise(
  "nesterovUpdate",
  ["inout w", "in g", "inout m", "float rate", "float momentum"],
  (f, { w, g, m, rate, momentum }) => {
    const step = f.let("step", mul(rate, g))
    const next = slot(f, sub(mul(momentum, m), step))
    return { w: add(w, sub(mul(momentum, next), step)), m: next }
  },
  { cost: 11 },
)

export const adamUpdate = elementwise(
  "adamUpdate",
  ["inout w", "in g", "inout m", "inout v", "float alpha", "float share1", "float share2", "float epsilon"],
  (f, { w, g, m, v, alpha, share1, share2, epsilon }) => {
    const nextM = towards(f, m, g, share1)
    const nextV = towards(f, v, mul(g, g), share2)
    return { w: sub(w, div(mul(alpha, nextM), add(sqrt(nextV), epsilon))), m: nextM, v: nextV }
  },
  { cost: 28 },
)

export const amsgradUpdate = elementwise(
  "amsgradUpdate",
  ["inout w", "in g", "inout m", "inout v", "inout h", "float alpha", "float share1", "float share2", "float epsilon"],
  (f, { w, g, m, v, h, alpha, share1, share2, epsilon }) => {
    const nextM = towards(f, m, g, share1)
    const nextV = towards(f, v, mul(g, g), share2)
    const nextH = f.let("nextH", max(h, nextV))
    return { w: sub(w, div(mul(alpha, nextM), add(sqrt(nextH), epsilon))), m: nextM, v: nextV, h: nextH }
  },
  { cost: 30 },
)

export const adamaxUpdate = elementwise(
  "adamaxUpdate",
  ["inout w", "in g", "inout m", "inout u", "float alpha", "float share1", "float share2", "float epsilon"],
  (f, { w, g, m, u, alpha, share1, share2, epsilon }) => {
    const nextM = towards(f, m, g, share1)
    const nextU = slot(f, max(sub(u, mul(share2, u)), abs(g)))
    return { w: sub(w, div(mul(alpha, nextM), add(nextU, epsilon))), m: nextM, u: nextU }
  },
  { cost: 20 },
)

export const nadamUpdate = elementwise(
  "nadamUpdate",
  [
    "inout w",
    "in g",
    "inout m",
    "inout v",
    "float ofMean",
    "float ofGradient",
    "float unbias",
    "float share1",
    "float share2",
    "float epsilon",
  ],
  (f, { w, g, m, v, ofMean, ofGradient, unbias, share1, share2, epsilon }) => {
    const nextM = towards(f, m, g, share1)
    const nextV = towards(f, v, mul(g, g), share2)
    const step = add(mul(ofMean, nextM), mul(ofGradient, g))
    return { w: sub(w, div(step, add(sqrt(mul(nextV, unbias)), epsilon))), m: nextM, v: nextV }
  },
  { cost: 31 },
)

export const rmspropUpdate = elementwise(
  "rmspropUpdate",
  ["inout w", "in g", "inout v", "float rate", "float share", "float epsilon"],
  (f, { w, g, v, rate, share, epsilon }) => {
    const next = towards(f, v, mul(g, g), share)
    return { w: sub(w, div(mul(rate, g), sqrt(add(next, epsilon)))), v: next }
  },
  { cost: 22 },
)

export const rmspropMomentumUpdate = elementwise(
  "rmspropMomentumUpdate",
  ["inout w", "in g", "inout v", "inout m", "float rate", "float share", "float momentum", "float epsilon"],
  (f, { w, g, v, m, rate, share, momentum, epsilon }) => {
    const nextV = towards(f, v, mul(g, g), share)
    const nextM = slot(f, add(mul(momentum, m), div(mul(rate, g), sqrt(add(nextV, epsilon)))))
    return { w: sub(w, nextM), v: nextV, m: nextM }
  },
  { cost: 26 },
)

/** rate g / sqrt(v - a² + epsilon) */
function centeredStep(g: Four, v: Four, a: Four, rate: Four, epsilon: Four): Vector {
  return div(mul(rate, g), sqrt(add(sub(v, mul(a, a)), epsilon)))
}

export const centeredUpdate = elementwise(
  "centeredUpdate",
  ["inout w", "in g", "inout v", "inout a", "float rate", "float share", "float epsilon"],
  (f, { w, g, v, a, rate, share, epsilon }) => {
    const nextV = towards(f, v, mul(g, g), share)
    const nextA = towards(f, a, g, share)
    return { w: sub(w, centeredStep(g, nextV, nextA, rate, epsilon)), v: nextV, a: nextA }
  },
  { cost: 29 },
)

export const centeredMomentumUpdate = elementwise(
  "centeredMomentumUpdate",
  ["inout w", "in g", "inout v", "inout a", "inout m", "float rate", "float share", "float momentum", "float epsilon"],
  (f, { w, g, v, a, m, rate, share, momentum, epsilon }) => {
    const nextV = towards(f, v, mul(g, g), share)
    const nextA = towards(f, a, g, share)
    const nextM = slot(f, add(mul(momentum, m), centeredStep(g, nextV, nextA, rate, epsilon)))
    return { w: sub(w, nextM), v: nextV, a: nextA, m: nextM }
  },
  { cost: 32 },
)

export const adagradUpdate = elementwise(
  "adagradUpdate",
  ["inout w", "in g", "inout a", "float rate", "float epsilon"],
  (f, { w, g, a, rate, epsilon }) => {
    const next = f.let("next", add(a, mul(g, g)))
    return { w: sub(w, div(mul(rate, g), sqrt(add(next, epsilon)))), a: next }
  },
  { cost: 18 },
)

export const adadeltaUpdate = elementwise(
  "adadeltaUpdate",
  ["inout w", "in g", "inout a", "inout u", "float rate", "float share", "float epsilon"],
  (f, { w, g, a, u, rate, share, epsilon }) => {
    const nextA = towards(f, a, mul(g, g), share)
    const d = f.let("d", div(mul(neg(g), sqrt(add(u, epsilon))), sqrt(add(nextA, epsilon))))
    return { w: add(w, mul(rate, d)), a: nextA, u: towards(f, u, mul(d, d), share) }
  },
  { cost: 36 },
)

export const lionUpdate = elementwise(
  "lionUpdate",
  ["inout w", "in g", "inout m", "float rate", "float share1", "float share2"],
  (f, { w, g, m, rate, share1, share2 }) => {
    const mixed = f.let("mixed", add(m, mul(share1, sub(g, m))))
    // 0 moves nothing, and NaN stays seen.
    return { w: sub(w, mul(rate, sign(mixed))), m: towards(f, m, g, share2) }
  },
  { cost: 16 },
)

/** Only for the default power of n, 1/2: others need a logarithm. */
export const ftrlUpdate = elementwise(
  "ftrlUpdate",
  ["inout w", "in g", "inout n", "inout z", "float rate", "float power", "float l1", "float l2", "float shrinkage"],
  (f, { w, g, n, z, rate, l1, l2, shrinkage }) => {
    const square = f.let("square", mul(g, g))
    const next = f.let("next", add(n, square))
    const high = f.let("high", sqrt(next))
    // sqrt(n + g²) - sqrt(n) without cancellation, and 0 where both are 0.
    const growth = div(square, pmax(add(high, sqrt(n)), c(1e-30)))
    const shrunk = add(add(z, g), mul(add(shrinkage, shrinkage), w))
    const sum = f.let("sum", sub(shrunk, mul(div(growth, rate), w)))
    const kept = sub(max(neg(l1), min(l1, sum)), sum)
    return { w: div(kept, add(div(high, rate), add(l2, l2))), z: sum, n: next }
  },
  { cost: 50, accepts: args => args[5] === 0.5 },
)

/** w -= w rate */
export const decayInto = elementwise("decayInto", ["inout w", "float rate"], (_, { w, rate }) => ({
  w: sub(w, mul(w, rate)),
}))

export const averageInto = elementwise(
  "averageInto",
  ["in w", "inout average", "float share"],
  (f, { w, average, share }) => ({ average: towards(f, average, w, share) }),
  { cost: 9 },
)
