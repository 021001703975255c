import * as c from "@selvedge/core"
import ndarray from "ndarray"
import { expect } from "vitest"
import type { Exempt } from "./inputs.ts"

const values = (x: c.Tensor) => [...x.data]
const a = c.tensor([
  [1, 2, 3],
  [4, 5, 6],
])
const b = c.tensor([3, 2, 1])

function values2(op: string, run: (a: c.Tensor, b: c.Tensor) => c.Tensor, wanted: number[]): Exempt {
  return { op, reason: "piecewise constant", check: () => expect(values(run(a, b))).toEqual(wanted) }
}

function position(op: string, run: (x: c.Tensor, options?: c.ReduceOptions) => c.Tensor, sign: number): Exempt {
  const x = c.mul(
    c.tensor([
      [3, 9, 9],
      [8, 1, Number.NaN],
    ]),
    sign,
  )
  const check = () => {
    expect(values(run(x, { axis: 1 }))).toEqual([1, 2])
    expect(values(run(c.slice(x, 0, 1)))).toEqual([1])
    expect(run(x, { axis: 0, keepDims: true }).shape).toEqual([1, 3])
    expect(() => run(c.zeros([0]))).toThrow("nothing to reduce")
  }
  return { op, reason: "a position, piecewise constant", check }
}

function maker(op: string, check: () => void): Exempt {
  return { op, reason: "makes a tensor out of no tensor", check }
}

/** Ops without a gradient, each with a check of its values. */
export const exempt: readonly Exempt[] = [
  values2("equal", c.equal, [0, 1, 0, 0, 0, 0]),
  values2("notEqual", c.notEqual, [1, 0, 1, 1, 1, 1]),
  values2("greater", c.greater, [0, 0, 1, 1, 1, 1]),
  values2("greaterEqual", c.greaterEqual, [0, 1, 1, 1, 1, 1]),
  values2("less", c.less, [1, 0, 0, 0, 0, 0]),
  values2("lessEqual", c.lessEqual, [1, 1, 0, 0, 0, 0]),
  values2("logicalAnd", (x, y) => c.logicalAnd(c.greater(x, 2), c.less(y, 3)), [0, 0, 1, 0, 1, 1]),
  values2("logicalOr", (x, y) => c.logicalOr(c.greater(x, 4), c.less(y, 2)), [0, 0, 1, 0, 1, 1]),
  values2("logicalNot", x => c.logicalNot(c.sub(x, 3)), [0, 0, 1, 0, 0, 0]),
  values2("isfinite", x => c.isfinite(c.div(1, c.sub(x, 3))), [1, 1, 0, 1, 1, 1]),
  values2("isnan", x => c.isnan(c.log(c.sub(x, 3))), [1, 1, 0, 0, 0, 0]),
  position("argMax", c.argMax, 1),
  position("argMin", c.argMin, -1),
  {
    op: "all",
    reason: "piecewise constant",
    check: () =>
      expect(
        values(
          c.all(
            c.tensor([
              [1, 0],
              [2, 3],
            ]),
            { axis: 1 },
          ),
        ),
      ).toEqual([0, 1]),
  },
  {
    op: "any",
    reason: "piecewise constant",
    check: () =>
      expect(
        values(
          c.any(
            c.tensor([
              [0, 0],
              [0, 3],
            ]),
            { axis: 1 },
          ),
        ),
      ).toEqual([0, 1]),
  },
  {
    op: "oneHot",
    reason: "class numbers are no continuous input",
    check: () => {
      expect(c.oneHot(c.tensor([2, 0]), 3).toArray()).toEqual([
        [0, 0, 1],
        [1, 0, 0],
      ])
      expect(() => c.oneHot(c.tensor([0, 3]), 3)).toThrow("label 3 at position 1")
    },
  },
  {
    op: "stopGradient",
    reason: "stops the gradient, as its name says",
    check: () => {
      const x = c.tensor([1, 2], [2], { requiresGrad: true })
      const y = c.sum(c.mul(c.stopGradient(x), x))
      c.backward(y)
      expect(values(x.grad as c.Tensor)).toEqual([1, 2])
    },
  },
  maker("tensor", () => {
    expect(a.shape).toEqual([2, 3])
    expect(() => c.tensor([[1, 2], [3]])).toThrow("ragged rows: entry [1] does not have 2 entries")
    expect(c.fromArray([1]).data).toEqual(Float32Array.of(1))
  }),
  maker("zeros", () =>
    expect(c.zeros([2, 2]).toArray()).toEqual([
      [0, 0],
      [0, 0],
    ]),
  ),
  maker("ones", () => expect(values(c.ones([2]))).toEqual([1, 1])),
  maker("full", () => expect(values(c.full([2], 0.5))).toEqual([0.5, 0.5])),
  maker("arange", () => {
    expect(values(c.arange(3))).toEqual([0, 1, 2])
    expect(values(c.arange(5, 1, -1.5))).toEqual([5, 3.5, 2])
    expect(values(c.arange(1, 1))).toEqual([])
    expect(() => c.arange(0, 1, 0)).toThrow("never arrives")
  }),
  maker("linspace", () => {
    expect(values(c.linspace(0, 1, 5))).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(values(c.linspace(2, 3, 1))).toEqual([2])
  }),
  maker("eye", () =>
    expect(c.eye(2, 3).toArray()).toEqual([
      [1, 0, 0],
      [0, 1, 0],
    ]),
  ),
  maker("randomNormal", () => {
    const s = () => c.stream(1, "test", "normal")
    const x = c.randomNormal([10_000], { mean: 2, stddev: 3, stream: s() })
    expect(Math.abs(c.mean(x).item() - 2)).toBeLessThan(5 * 0.03)
    expect(Math.abs(c.std(x).item() - 3)).toBeLessThan(5 * 0.0212)
    expect(values(c.randomNormal([4], { stream: s() }))).toEqual(values(c.randomNormal([4], { stream: s() })))
    expect(values(c.randomNormal([4]))).not.toEqual(values(c.randomNormal([4])))
  }),
  maker("randomUniform", () => {
    const x = c.randomUniform([10_000], { min: -1, max: 3, stream: c.stream(1, "test", "uniform") })
    expect(c.min(x).item()).toBeGreaterThanOrEqual(-1)
    expect(c.max(x).item()).toBeLessThanOrEqual(3)
    expect(Math.abs(c.mean(x).item() - 1)).toBeLessThan(5 * 0.01155)
    expect(() => c.randomUniform([1], { min: 1, max: 0 })).toThrow("max must be a number >= 1")
  }),
  maker("fromNdarray", () => {
    const data = Float32Array.of(0, 1, 2, 3, 4, 5)
    const nd = ndarray(data, [2, 3])
    const shared = c.fromNdarray(nd)
    data[4] = 40
    expect(shared.toArray()).toEqual([
      [0, 1, 2],
      [3, 40, 5],
    ])
    expect(c.fromNdarray(nd.transpose(1, 0)).toArray()).toEqual([
      [0, 3],
      [1, 40],
      [2, 5],
    ])
    expect(c.fromNdarray(nd.step(1, -2)).toArray()).toEqual([
      [2, 0],
      [5, 3],
    ])
    expect(c.fromNdarray(ndarray([7, 8], [2])).data).toEqual(Float32Array.of(7, 8))
    expect(() => c.fromNdarray({ data, shape: [7], stride: [1], offset: 0 })).toThrow("beyond its data")
  }),
]
