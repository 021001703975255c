import * as c from "@selvedge/core"
import { fixed, type Input, normal, on, type Row } from "./inputs.ts"

type Run = (x: c.Tensor) => c.Tensor

function shaped(op: string, ...cases: [name: string, x: Input, run: Run][]): Row {
  return { op, cases: cases.map(([name, x, run]) => on(x, run, name)) }
}

/** Shape and selection. */
export const shapes: readonly Row[] = [
  shaped(
    "reshape",
    ["flat", normal(2, 3), x => c.reshape(x, [6])],
    ["inferred", normal(2, 3, 2), x => c.reshape(x, [3, -1])],
    ["scalar", normal(1, 1), x => c.reshape(x, [])],
  ),
  shaped(
    "transpose",
    ["reversed", normal(2, 3), x => c.transpose(x)],
    ["3 axes", normal(2, 3, 4), x => c.transpose(x, [1, 2, 0])],
    ["negative", normal(2, 3, 4), x => c.transpose(x, [0, -1, 1])],
  ),
  shaped(
    "expandDims",
    ["front", normal(2, 3), x => c.expandDims(x, 0)],
    ["back", normal(2, 3), x => c.expandDims(x, -1)],
  ),
  shaped("squeeze", ["all", normal(1, 3, 1), x => c.squeeze(x)], ["one", normal(1, 3, 1), x => c.squeeze(x, -1)]),
  {
    op: "concat",
    cases: [
      { name: "last axis", inputs: [normal(2, 3), normal(2, 1)], run: (a, b) => c.concat([a, b]) },
      { name: "first axis", inputs: [normal(1, 3), normal(2, 3), normal(1, 3)], run: (...xs) => c.concat(xs, 0) },
      { name: "same shape", inputs: [normal(2, 2, 2), normal(2, 2, 2)], run: (a, b) => c.concat([a, b], 1) },
    ],
  },
  {
    op: "stack",
    cases: [
      { name: "first axis", inputs: [normal(2, 3), normal(2, 3)], run: (a, b) => c.stack([a, b]) },
      { name: "last axis", inputs: [normal(2, 3), normal(2, 3)], run: (a, b) => c.stack([a, b], -1) },
      { name: "scalars", inputs: [normal(), normal()], run: (a, b) => c.stack([a, b]) },
    ],
  },
  shaped(
    "slice",
    ["rows", normal(5, 2), x => c.slice(x, 1, 4)],
    ["last rows", normal(5, 2), x => c.slice(x, -2)],
    ["columns", normal(3, 4), x => c.slice(x, [null, 1], [null, -1])],
    ["steps", normal(5, 4), x => c.slice(x, [1, 0], [], [2, 3])],
    ["rows by steps", normal(5, 2), x => c.slice(x, 0, 5, 2)],
  ),
  shaped(
    "split",
    ["second part", normal(4, 2), x => c.split(x, 2)[1]],
    ["all parts", normal(4, 3), x => c.concat(c.split(x, [1, 2], 1).map((p, i) => c.mul(p, i + 2)))],
  ),
  shaped(
    "take",
    ["rows", normal(4, 3), x => c.take(x, [2, 0, 2, -1])],
    ["columns", normal(4, 3), x => c.take(x, [1, 1], 1)],
    ["typed array", normal(4, 3), x => c.take(x, Uint32Array.of(3, 3, 0))],
    [
      "tensor",
      normal(4, 3),
      x =>
        c.take(
          x,
          c.tensor([
            [0, 1],
            [3, 0],
          ]),
          -2,
        ),
    ],
  ),
  {
    op: "embedding",
    cases: [
      { name: "ids", inputs: [normal(5, 3), fixed([4], [1, 0, 1, 4])], run: c.embedding },
      { name: "matrix of ids", inputs: [normal(5, 2), fixed([2, 2], [1, 0, 3, 3])], run: c.embedding },
    ],
  },
  {
    op: "booleanMask",
    cases: [
      { name: "rows", inputs: [normal(4, 3), fixed([4], [1, 0, 0, 1])], run: c.booleanMask },
      { name: "entries", inputs: [normal(2, 3), fixed([2, 3], [1, 0, 0, 1, 1, 0])], run: c.booleanMask },
    ],
  },
  shaped(
    "pad",
    ["vector", normal(3), x => c.pad(x, [[1, 2]])],
    [
      "matrix",
      normal(2, 3),
      x =>
        c.pad(
          x,
          [
            [0, 1],
            [2, 0],
          ],
          7,
        ),
    ],
  ),
  shaped("tile", ["one axis", normal(2, 3), x => c.tile(x, [1, 2])], ["both", normal(2, 2), x => c.tile(x, [3, 2])]),
  shaped("repeat", ["rows", normal(2, 3), x => c.repeat(x, 2)], ["columns", normal(2, 3), x => c.repeat(x, 3, 1)]),
  shaped(
    "reverse",
    ["all", normal(2, 3), x => c.reverse(x)],
    ["columns", normal(2, 3), x => c.reverse(x, 1)],
    ["two of three", normal(2, 2, 3), x => c.reverse(x, [0, 2])],
  ),
  shaped(
    "broadcastTo",
    ["rows", normal(3), x => c.broadcastTo(x, [2, 3])],
    ["inner", normal(2, 1, 2), x => c.broadcastTo(x, [2, 3, 2])],
    ["scalar", normal(), x => c.broadcastTo(x, [2, 2])],
    ["same", normal(2, 2), x => c.broadcastTo(x, [2, 2])],
  ),
]
