import * as c from "@selvedge/core"
import { type Case, distinct, fixed, type Input, normal, on, positive, type Row } from "./inputs.ts"

function product(a: number[], b: number[], options: c.MatmulOptions = {}): Case {
  const flags = `${options.transposeA ? "A" : ""}${options.transposeB ? "B" : ""}`
  return {
    name: `[${a.join(", ")}] [${b.join(", ")}] ${flags}`,
    inputs: [normal(...a), normal(...b)],
    run: (x, y) => c.matmul(x, y, options),
  }
}

function conv(name: string, inputs: Input[], options: c.ConvOptions = {}): Case {
  return { name, inputs, run: (x, kernel, bias) => c.conv2d(x, kernel, bias ?? null, options) }
}

const A = { transposeA: true }
const B = { transposeB: true }
const noise = () => c.stream(3, "oracle", "dropout")

/** Products, windows, losses and noise. */
export const products: readonly Row[] = [
  {
    op: "matmul",
    cases: [
      product([2, 3], [3, 4]),
      product([3, 2], [3, 4], A),
      product([2, 3], [4, 3], B),
      product([3, 2], [4, 3], { ...A, ...B }),
      product([3, 3], [3, 3]),
      product([3, 3], [3, 3], B),
      product([2, 2, 3], [2, 3, 2]),
      product([2, 2, 3], [3, 2]),
      product([2, 3], [2, 3, 2]),
      product([2, 1, 2, 3], [3, 3, 2]),
      product([2, 3, 2], [1, 2, 3], { ...A, ...B }),
      product([1, 1], [1, 1]),
      product([17, 11], [11, 23]),
      product([11, 17], [11, 23], A),
      product([17, 11], [23, 11], B),
    ],
  },
  {
    op: "linear",
    cases: [
      { name: "with bias", inputs: [normal(4, 3), normal(3, 2), normal(2)], run: c.linear },
      { name: "larger", inputs: [normal(9, 17), normal(17, 13), normal(13)], run: c.linear },
      { name: "without bias", inputs: [normal(4, 3), normal(3, 2)], run: c.linear },
      { name: "three axes", inputs: [normal(2, 2, 3), normal(3, 2), normal(2)], run: c.linear },
      { name: "vector", inputs: [normal(3), normal(3, 3), normal(3)], run: c.linear },
      { name: "square", inputs: [normal(3, 3), normal(3, 3)], run: c.linear },
    ],
  },
  {
    op: "conv2d",
    cases: [
      conv("valid", [normal(2, 4, 5, 2), normal(3, 2, 2, 3), normal(3)]),
      conv("same", [normal(1, 4, 5, 2), normal(3, 2, 2, 3)], { padding: "same" }),
      conv("same, strides", [normal(2, 5, 5, 1), normal(3, 3, 1, 2), normal(2)], { padding: "same", strides: 2 }),
      conv("strides", [normal(1, 6, 5, 1), normal(2, 2, 1, 2)], { strides: [2, 1] }),
      conv("dilation", [normal(1, 6, 6, 1), normal(2, 3, 1, 2), normal(2)], { dilation: [2, 1] }),
      conv("1 by 1", [normal(2, 2, 2, 3), normal(1, 1, 3, 2)]),
    ],
  },
  {
    op: "maxPool2d",
    cases: [
      on(distinct(2, 4, 4, 2), x => c.maxPool2d(x, 2)),
      on(distinct(1, 5, 5, 1), x => c.maxPool2d(x, [3, 2], { strides: 2, padding: "same" }), "same"),
      on(distinct(1, 4, 5, 1), x => c.maxPool2d(x, 3, { strides: 1 }), "overlapping"),
    ],
  },
  {
    op: "avgPool2d",
    cases: [
      on(normal(2, 4, 4, 2), x => c.avgPool2d(x, 2)),
      on(normal(1, 5, 5, 1), x => c.avgPool2d(x, [3, 2], { strides: 2, padding: "same" }), "same"),
      on(normal(1, 4, 5, 1), x => c.avgPool2d(x, 3, { strides: 1 }), "overlapping"),
    ],
  },
  {
    op: "sparseCategoricalCrossentropy",
    cases: [
      { name: "rows", inputs: [fixed([3], [2, 0, 3]), normal(3, 4)], run: c.sparseCategoricalCrossentropy },
      {
        name: "larger",
        inputs: [
          fixed(
            [21],
            [...Array(21).keys()].map(i => (5 * i) % 13),
          ),
          normal(21, 13),
        ],
        run: c.sparseCategoricalCrossentropy,
      },
      { name: "column", inputs: [fixed([2, 1], [1, 0]), normal(2, 3)], run: c.sparseCategoricalCrossentropy },
      { name: "3 axes", inputs: [fixed([2, 2], [1, 0, 2, 2]), normal(2, 2, 3)], run: c.sparseCategoricalCrossentropy },
    ],
    extremes: x => c.sparseCategoricalCrossentropy(c.tensor(3, []), x),
  },
  {
    op: "categoricalCrossentropy",
    cases: [
      { name: "rows", inputs: [positive(3, 4), normal(3, 4)], run: c.categoricalCrossentropy },
      { name: "larger", inputs: [positive(21, 13), normal(21, 13)], run: c.categoricalCrossentropy },
      { name: "one row", inputs: [positive(4), normal(4)], run: c.categoricalCrossentropy },
    ],
    extremes: x => c.categoricalCrossentropy(c.full(x.shape, 0.1), x),
  },
  {
    op: "binaryCrossentropy",
    cases: [
      { name: "rows", inputs: [positive(3, 4), normal(3, 4)], run: c.binaryCrossentropy },
      { name: "larger", inputs: [positive(21, 13), normal(21, 13)], run: c.binaryCrossentropy },
      { name: "one column", inputs: [positive(4, 1), normal(4, 1)], run: c.binaryCrossentropy },
    ],
    extremes: x => c.binaryCrossentropy(c.full(x.shape, 0.25), x),
  },
  {
    op: "dropout",
    cases: [
      on(normal(4, 5), x => c.dropout(x, 0.4, noise())),
      on(normal(20, 13), x => c.dropout(x, 0.4, noise())),
      on(normal(4, 5), x => c.dropout(x, 0.4, noise(), { noiseShape: [null, 1] }), "whole rows"),
      on(normal(6), x => c.dropout(x, 0, noise()), "rate 0"),
    ],
    extremes: x => c.dropout(x, 0.5, noise()),
  },
  {
    op: "alphaDropout",
    cases: [
      on(normal(4, 5), x => c.alphaDropout(x, 0.4, noise())),
      on(normal(20, 13), x => c.alphaDropout(x, 0.4, noise())),
      on(normal(4, 5), x => c.alphaDropout(x, 0.4, noise(), { noiseShape: [4, 1] }), "whole rows"),
    ],
    extremes: x => c.alphaDropout(x, 0.5, noise()),
  },
]
