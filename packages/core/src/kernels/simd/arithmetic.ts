import { type FunctionBuilder, f32x4, type Local, v128 } from "../wasm/index.ts"
import { elementwise } from "./elementwise.ts"
import { choose, exp, log, sign, type Vector, when } from "./vector.ts"

// Twins of the elementwise loops of the same names in `ops/`. A single operation rounds as the loop does, which computes
// it in double and rounds once: those twins are exact.

const c = (value: number) => f32x4.const(value)
const { abs, add, div, eq, ge, le, max, min, mul, neg, sqrt, sub } = f32x4
type Four = Local<"v128">

/** y = f(a, b) */
function binary(name: string, y: (a: Four, b: Four) => Vector, cost = 4) {
  return elementwise(name, ["in a", "in b", "out y"], (_, { a, b }) => ({ y: y(a, b) }), { cost, exact: true })
}

/** y = f(x) */
function unary(name: string, y: (x: Four, f: FunctionBuilder) => Vector, cost = 4, exact = true) {
  return elementwise(name, ["in x", "out y"], (f, { x }) => ({ y: y(x, f) }), { cost, exact })
}

/** dx += f'(x) dy; the first buffer is the input or the output, as the loop has it. */
function slope(name: string, dx: (x: Four, dy: Four) => Vector, cost = 5, exact = false) {
  const parameters = ["in x", "in dy", "inout dx"] as const
  return elementwise(name, parameters, (_, v) => ({ dx: add(v.dx, dx(v.x, v.dy)) }), { cost, exact })
}

/** da += dy where the mask of a and b is set. */
function routed(name: string, mask: (a: Four, b: Four) => Vector) {
  const parameters = ["in a", "in b", "in dy", "inout dx"] as const
  return elementwise(name, parameters, (_, { a, b, dy, dx }) => ({ dx: add(dx, when(mask(a, b), dy)) }), {
    cost: 6,
    exact: true,
  })
}

export const accumulate = elementwise("accumulate", ["in dy", "inout dx"], (_, { dy, dx }) => ({ dx: add(dx, dy) }), {
  exact: true,
})

export const deduct = elementwise("deduct", ["in dy", "inout dx"], (_, { dy, dx }) => ({ dx: sub(dx, dy) }), {
  exact: true,
})

export const accumulateProduct = slope("accumulateProduct", mul)

export const addForward = binary("addForward", add)
export const subForward = binary("subForward", sub)
export const mulForward = binary("mulForward", mul)
export const divForward = binary("divForward", div, 6)
export const divLeftBackward = slope("divLeftBackward", (b, dy) => div(dy, b), 7)
export const divRightBackward = elementwise(
  "divRightBackward",
  ["in b", "in y", "in dy", "inout dx"],
  (_, { b, y, dy, dx }) => ({ dx: sub(dx, mul(div(y, b), dy)) }),
  { cost: 8 },
)

export const maximumForward = binary("maximumForward", max)
export const minimumForward = binary("minimumForward", min)
export const whereAtLeast = routed("whereAtLeast", ge)
export const whereNotAtLeast = routed("whereNotAtLeast", (a, b) => v128.not(ge(a, b)))

export const clipForward = elementwise(
  "clipForward",
  ["in x", "out y", "float low", "float high"],
  (_, { x, low, high }) => ({ y: min(max(x, low), high) }),
  { exact: true },
)
export const clipBackward = elementwise(
  "clipBackward",
  ["in x", "in dy", "inout dx", "float low", "float high"],
  (_, { x, dy, dx, low, high }) => ({ dx: add(dx, when(v128.and(ge(x, low), le(x, high)), dy)) }),
  { cost: 6 },
)

export const negForward = unary("negForward", x => neg(x))
export const absForward = unary("absForward", x => abs(x))
export const absBackward = slope("absBackward", (x, dy) => mul(sign(x), dy), 8, true)
export const squareForward = unary("squareForward", x => mul(x, x))
export const squareBackward = slope("squareBackward", (x, dy) => mul(add(x, x), dy))
export const sqrtForward = unary("sqrtForward", x => sqrt(x), 8)
export const sqrtBackward = slope("sqrtBackward", (y, dy) => div(dy, add(y, y)), 8)
export const invertDeviation = elementwise(
  "invertDeviation",
  ["in variance", "out inverse", "float epsilon"],
  (_, { variance, epsilon }) => ({ inverse: div(c(1), sqrt(add(variance, epsilon))) }),
)
export const expForward = unary("expForward", (x, f) => exp(f, x), 30, false)
export const logForward = unary("logForward", (x, f) => log(f, x), 45, false)
export const logBackward = slope("logBackward", (x, dy) => div(dy, x), 7)

export const dropoutForward = elementwise(
  "dropoutForward",
  ["in x", "in noise", "out y", "float limit", "float scale"],
  (_, { x, noise, limit, scale }) => ({ y: v128.and(mul(x, scale), ge(noise, limit)) }),
  { cost: 5 },
)
export const dropoutBackward = elementwise(
  "dropoutBackward",
  ["in noise", "in dy", "inout dx", "float limit", "float scale"],
  (_, { noise, dy, dx, limit, scale }) => ({ dx: add(dx, when(ge(noise, limit), mul(dy, scale))) }),
  { cost: 6 },
)
export const alphaDropoutForward = elementwise(
  "alphaDropoutForward",
  ["in x", "in noise", "out y", "float limit", "float a", "float b", "float dropped"],
  (_, { x, noise, limit, a, b, dropped }) => ({ y: choose(ge(noise, limit), add(mul(a, x), b), dropped) }),
  { cost: 6 },
)
export const alphaDropoutBackward = elementwise(
  "alphaDropoutBackward",
  ["in noise", "in dy", "inout dx", "float limit", "float a"],
  (_, { noise, dy, dx, limit, a }) => ({ dx: add(dx, when(ge(noise, limit), mul(dy, a))) }),
  { cost: 6 },
)

/** Factors and limits of gradients. */
export const scaleInto = elementwise("scaleInto", ["in x", "out y", "float factor"], (_, { x, factor }) => ({
  y: mul(x, factor),
}))
export const clipInto = elementwise("clipInto", ["in x", "out y", "float limit"], (_, { x, limit }) => ({
  y: max(neg(limit), min(limit, x)),
}))

export const whereForward = elementwise(
  "whereForward",
  ["in condition", "in a", "in b", "out y"],
  (_, { condition, a, b }) => ({ y: choose(eq(condition, c(0)), b, a) }),
  { exact: true },
)
