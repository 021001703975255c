import * as c from "@selvedge/core"
import { type Case, distinct, given, type Input, normal, on, positive, type Row } from "./inputs.ts"

type Reduce = (x: c.Tensor, options?: c.ReduceOptions) => c.Tensor

function reduction(op: string, run: Reduce, from: (...shape: number[]) => Input = normal): Row {
  const cases: Case[] = [
    on(from(2, 3), x => run(x), "all"),
    on(from(2, 3), x => run(x, { axis: 0 }), "axis 0"),
    on(from(2, 3), x => run(x, { axis: -1, keepDims: true }), "axis -1, kept"),
    on(from(2, 3, 4), x => run(x, { axis: 1 }), "middle axis"),
    on(from(2, 3, 2), x => run(x, { axis: [0, 2] }), "axes apart"),
    on(from(2, 3, 2), x => run(x, { axis: [2, 0], keepDims: true }), "axes apart, kept"),
    on(from(2, 2, 3), x => run(x, { axis: [1, 2] }), "two axes"),
    on(from(), x => run(x), "scalar"),
    on(from(1, 4), x => run(x, { axis: 0 }), "over one entry"),
    on(from(11, 37), x => run(x, { axis: 0 }), "larger, axis 0"),
    on(from(11, 37), x => run(x, { axis: 1 }), "larger, axis 1"),
    on(from(11, 37), x => run(x), "larger"),
  ]
  return { op, cases }
}

/** Reductions, and what normalises. */
export const reductions: readonly Row[] = [
  { ...reduction("sum", c.sum), extremes: x => c.sum(x) },
  { ...reduction("mean", c.mean), extremes: x => c.mean(x) },
  {
    op: "elasticNet",
    cases: [
      on(distinct(2, 3), x => c.elasticNet(x, 0.25, 0.5), "both"),
      on(distinct(2, 3), x => c.elasticNet(x, 0.25, 0), "l1"),
      on(normal(7, 13), x => c.elasticNet(x, 0, 0.5), "l2"),
      on(distinct(11, 130), x => c.elasticNet(x, 0.1, 0.3), "two blocks"),
    ],
    extremes: x => c.add(c.elasticNet(x, 0.25, 0), c.elasticNet(x, 0, 0.5)),
  },
  { ...reduction("max", c.max, distinct), extremes: x => c.max(x) },
  { ...reduction("min", c.min, distinct), extremes: x => c.min(x) },
  { ...reduction("variance", c.variance), extremes: x => c.variance(x) },
  {
    op: "std",
    cases: reduction("std", c.std).cases.filter(({ name }) => !/scalar|one entry/.test(name)),
    extremes: x => c.std(x),
  },
  {
    op: "prod",
    cases: [
      ...reduction("prod", c.prod, positive).cases.filter(({ name }) => !name.startsWith("larger")),
      on(given([2, 3], [0, 2, 3, 0, 0, 2]), x => c.prod(x, { axis: 1 }), "zeros"),
    ],
  },
  { ...reduction("logSumExp", c.logSumExp), extremes: x => c.logSumExp(x) },
  {
    op: "softmax",
    cases: [
      on(normal(3, 4), x => c.softmax(x)),
      on(normal(5), x => c.softmax(x)),
      on(normal(21, 13), x => c.softmax(x)),
      on(normal(3, 4), x => c.softmax(x, { axis: 0 }), "axis 0"),
      on(normal(2, 3, 4), x => c.softmax(x, { axis: 1 }), "axis 1"),
    ],
    extremes: x => c.softmax(x),
  },
  {
    op: "logSoftmax",
    cases: [
      on(normal(3, 4), x => c.logSoftmax(x)),
      on(normal(5), x => c.logSoftmax(x)),
      on(normal(21, 13), x => c.logSoftmax(x)),
      on(normal(2, 3, 4), x => c.logSoftmax(x, { axis: -2 }), "axis -2"),
    ],
    extremes: x => c.logSoftmax(x),
  },
  {
    op: "batchNorm",
    cases: [
      { name: "gamma, beta", inputs: [normal(6, 3), positive(3), normal(3)], run: (x, g, b) => c.batchNorm(x, g, b).y },
      {
        name: "larger",
        inputs: [normal(21, 13), positive(13), normal(13)],
        run: (x, g, b) => c.batchNorm(x, g, b).y,
      },
      { name: "gamma", inputs: [normal(6, 3), positive(3)], run: (x, g) => c.batchNorm(x, g).y },
      { name: "beta", inputs: [normal(6, 3), normal(3)], run: (x, b) => c.batchNorm(x, null, b).y },
      on(normal(6, 3), x => c.batchNorm(x, null, null, { epsilon: 1e-5 }).y, "neither"),
      {
        name: "axis 1",
        inputs: [normal(3, 2, 2, 2), positive(2), normal(2)],
        run: (x, g, b) => c.batchNorm(x, g, b, { axis: 1 }).y,
      },
    ],
    extremes: x => c.batchNorm(c.reshape(x, [-1, 1])).y,
  },
  {
    op: "batchNormInference",
    cases: [
      {
        name: "all",
        inputs: [normal(4, 3), normal(3), positive(3), positive(3), normal(3)],
        run: (x, m, v, g, b) => c.batchNormInference(x, m, v, g, b),
      },
      {
        name: "larger",
        inputs: [normal(21, 13), normal(13), positive(13), positive(13), normal(13)],
        run: (x, m, v, g, b) => c.batchNormInference(x, m, v, g, b),
      },
      {
        name: "statistics only, axis 1",
        inputs: [normal(2, 3, 2), normal(3), positive(3)],
        run: (x, m, v) => c.batchNormInference(x, m, v, null, null, { axis: 1, epsilon: 0.01 }),
      },
      {
        name: "beta",
        inputs: [normal(4, 3), normal(3), positive(3), normal(3)],
        run: (x, m, v, b) => c.batchNormInference(x, m, v, null, b),
      },
    ],
    extremes: x => c.batchNormInference(c.reshape(x, [-1, 1]), c.zeros([1]), c.ones([1])),
  },
  {
    op: "layerNorm",
    cases: [
      { name: "gamma, beta", inputs: [normal(3, 5), normal(5), normal(5)], run: (x, g, b) => c.layerNorm(x, g, b) },
      { name: "larger", inputs: [normal(11, 37), normal(37), normal(37)], run: (x, g, b) => c.layerNorm(x, g, b) },
      { name: "beta", inputs: [normal(3, 5), normal(5)], run: (x, b) => c.layerNorm(x, null, b) },
      on(normal(2, 5), x => c.layerNorm(x, null, null, { epsilon: 0.1 }), "neither"),
      {
        name: "two axes",
        inputs: [normal(2, 3, 2), normal(3, 2), normal(3, 2)],
        run: (x, g, b) => c.layerNorm(x, g, b, { axis: [1, 2] }),
      },
      {
        name: "axis 1 of 3",
        inputs: [normal(2, 3, 2), normal(3), normal(3)],
        run: (x, g, b) => c.layerNorm(x, g, b, { axis: 1 }),
      },
    ],
    extremes: x => c.layerNorm(x),
  },
]
