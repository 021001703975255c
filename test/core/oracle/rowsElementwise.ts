import * as c from "@selvedge/core"
import { broadcasts, type Case, fixed, given, type Input, normal, on, positive, type Row } from "./inputs.ts"

type Unary = (x: c.Tensor) => c.Tensor

function unary(op: string, run: Unary, from: (...shape: number[]) => Input = normal, extremes = true): Row {
  const cases = [on(from(2, 3), run), on(from(5), run), on(from(), run), on(from(2, 1, 4), run), on(from(20, 13), run)]
  return { op, cases, ...(extremes ? { extremes: run } : {}) }
}

const flat = (op: string, run: Unary): Row => ({ ...unary(op, run), flat: true })

function more(row: Row, ...cases: Case[]): Row {
  return { ...row, cases: [...row.cases, ...cases] }
}

const mask = fixed([2, 3], [1, 0, 0, 1, 1, 0])
const big = [1e-30, -1e-30, 0, 88, -88, 100, -100, 1e4, -1e4]

/** Ops that work entry by entry. */
export const elementwise: readonly Row[] = [
  unary("neg", c.neg),
  unary("abs", c.abs),
  flat("sign", c.sign),
  unary("square", c.square),
  // At 0 these have infinite slopes or values, and none below.
  unary("sqrt", c.sqrt, positive, false),
  unary("rsqrt", c.rsqrt, positive, false),
  unary("reciprocal", c.reciprocal, normal, false),
  unary("log", c.log, positive, false),
  unary("log1p", c.log1p, positive, false),
  // e^100 is no float32.
  unary("exp", c.exp, normal, false),
  unary("expm1", c.expm1, normal, false),
  unary("sin", c.sin),
  unary("cos", c.cos),
  flat("floor", c.floor),
  flat("ceil", c.ceil),
  flat("round", c.round),
  more(
    unary("clip", x => c.clip(x, -0.5, 0.75)),
    on(normal(6), x => c.clip(x, -Infinity, 0.3), "one-sided"),
  ),
  { op: "add", cases: broadcasts(c.add, normal) },
  { op: "sub", cases: broadcasts(c.sub, normal) },
  { op: "mul", cases: broadcasts(c.mul, normal) },
  { op: "div", cases: broadcasts(c.div, normal, positive) },
  { op: "maximum", cases: broadcasts(c.maximum, normal) },
  { op: "minimum", cases: broadcasts(c.minimum, normal) },
  more(
    { op: "pow", cases: broadcasts(c.pow, positive, normal) },
    on(normal(2, 3), x => c.pow(x, 3), "negative base"),
    on(given([3], [0, 0, 2]), x => c.pow(x, 2), "zero base"),
    on(given([2], [0.5, 2]), x => c.pow(x, 0), "zero exponent"),
  ),
  {
    op: "where",
    cases: [
      { name: "same shape", inputs: [mask, normal(2, 3), normal(2, 3)], run: c.where },
      { name: "broadcast", inputs: [mask, normal(3), normal(2, 1)], run: c.where },
      { name: "larger", inputs: [normal(20, 13), normal(13), normal(20, 13)], run: c.where },
      { name: "broadcast condition", inputs: [fixed([2, 1], [1, 0]), normal(2, 3), normal()], run: c.where },
    ],
    extremes: x => c.where(c.greater(x, 0), x, c.neg(x)),
  },
  more(
    unary("relu", c.relu),
    on(normal(20, 13), x => c.relu(x, { negativeSlope: 0.1, maxValue: 1.1, threshold: 0.4 }), "all options"),
    on(normal(3, 4), x => c.relu(x, { negativeSlope: 0.3 }), "leaky"),
    on(given([5], big.slice(3, 8)), x => c.relu(x, { maxValue: 6 }), "capped"),
  ),
  unary("relu6", c.relu6),
  more(
    unary("leakyRelu", c.leakyRelu),
    on(normal(3, 4), x => c.leakyRelu(x, { negativeSlope: 0.01 }), "slope 0.01"),
  ),
  {
    op: "prelu",
    cases: [
      { name: "one slope each", inputs: [normal(4, 3), normal(3)], run: c.prelu },
      { name: "shared axes", inputs: [normal(2, 2, 3), normal(1, 3)], run: c.prelu },
      { name: "same shape", inputs: [normal(2, 3), normal(2, 3)], run: c.prelu },
      { name: "larger", inputs: [normal(20, 13), normal(13)], run: c.prelu },
      { name: "one slope", inputs: [normal(2, 3), normal(1)], run: c.prelu },
    ],
    extremes: x => c.prelu(x, c.tensor([0.25])),
  },
  more(
    unary("elu", c.elu),
    on(normal(20, 13), x => c.elu(x, { alpha: 0.5 }), "alpha 0.5"),
  ),
  unary("selu", c.selu),
  more(
    unary("gelu", x => c.gelu(x)),
    on(normal(20, 13), x => c.gelu(x, { approximate: true }), "approximate"),
  ),
  unary("silu", c.silu),
  unary("softplus", c.softplus),
  unary("softsign", c.softsign),
  unary("hardSigmoid", c.hardSigmoid),
  unary("hardSilu", c.hardSilu),
  unary("mish", c.mish),
  unary("logSigmoid", c.logSigmoid),
  unary("sigmoid", c.sigmoid),
  unary("tanh", c.tanh),
]
