import { f32, f32x4, i32, type Local } from "../wasm/index.ts"
import { type Row, rowwise } from "./rowwise.ts"
import { choose, exp, expOfNegative, log, log1pOfSmall, maxLanes, same, sigmoid, sumLanes } from "./vector.ts"

// Twins of the loops over rows of the same names in `ops/`. The loops add in double, the twins in eight float32 sums for
// each row, so a sum over n numbers is within n / 8 + 3 roundings of the loop's.

const c = (value: number) => f32x4.const(value)
const { abs, add, div, gt, max, mul, neg, sqrt, sub } = f32x4
type Four = Local<"v128">

/** Two sums by turns: a chain of additions of half the length. */
function twoSums({ f }: Row): [Four, Four] {
  return [f.let("even", c(0)), f.let("odd", c(0))]
}

/** The row's maximum, in all lanes. */
function maximum(row: Row, buffer: string): Four {
  const { f } = row
  const most = f.let("most", c(-Infinity))
  row.walk([buffer], at => f.set(most, max(most, at.load(buffer, -Infinity))))
  return maxLanes(f, most)
}

/** y = exp(x - max), and the sum of it, in all lanes. */
function exponentials(row: Row, x: string, y: string | null, most: Four): Four {
  const { f } = row
  const sums = twoSums(row)
  row.walk(y === null ? [x] : [x, y], (at, turn) => {
    const e = f.let("e", expOfNegative(f, sub(at.load(x, -Infinity), most)))
    if (y !== null) at.store(y, e)
    f.set(sums[turn], add(sums[turn], e))
  })
  return sumLanes(f, add(...sums))
}

function softmaxRow(row: Row, x: string, y: string): { most: Four; sum: Four } {
  const { f } = row
  const most = maximum(row, x)
  const sum = exponentials(row, x, y, most)
  const inverse = same(f, div(c(1), sum))
  row.walk([y], at => at.store(y, mul(at.load(y), inverse)))
  return { most, sum }
}

export const softmaxForward = rowwise(
  "softmaxForward",
  ["in x", "out y", "int rows", "int n"],
  row => {
    softmaxRow(row, "x", "y")
  },
  { cost: 45 },
)

export const softmaxBackward = rowwise(
  "softmaxBackward",
  ["in y", "in dy", "inout dx", "int rows", "int n"],
  row => {
    const { f } = row
    const sums = twoSums(row)
    row.walk(["y", "dy"], (at, turn) => f.set(sums[turn], add(sums[turn], mul(at.load("dy"), at.load("y")))))
    const dot = sumLanes(f, add(...sums))
    row.walk(["y", "dy", "dx"], at => at.store("dx", add(at.load("dx"), mul(at.load("y"), sub(at.load("dy"), dot)))))
  },
  { cost: 12 },
)

/** max + log sum exp(x - max), in its two parts. */
function logSumExp(row: Row, x: string): { most: Four; shift: Four } {
  const most = maximum(row, x)
  const sum = exponentials(row, x, null, most)
  return { most, shift: same(row.f, log(row.f, sum)) }
}

export const logSoftmaxForward = rowwise(
  "logSoftmaxForward",
  ["in x", "out y", "int rows", "int n"],
  row => {
    const { most, shift } = logSumExp(row, "x")
    row.walk(["x", "y"], at => at.store("y", sub(sub(at.load("x"), most), shift)))
  },
  { cost: 45 },
)

export const logSoftmaxBackward = rowwise(
  "logSoftmaxBackward",
  ["in y", "in dy", "inout dx", "int rows", "int n"],
  row => {
    const { f } = row
    const sums = twoSums(row)
    row.walk(["dy"], (at, turn) => f.set(sums[turn], add(sums[turn], at.load("dy"))))
    const sum = sumLanes(f, add(...sums))
    row.walk(["y", "dy", "dx"], at => {
      const slope = sub(at.load("dy"), mul(exp(f, at.load("y")), sum))
      at.store("dx", add(at.load("dx"), slope))
    })
  },
  { cost: 45 },
)

export const sparseCrossentropyForward = rowwise(
  "sparseCrossentropyForward",
  ["in labels", "in x", "out p", "out y", "int rows", "int n"],
  row => {
    const { f } = row
    const { most, sum } = softmaxRow(row, "x", "p")
    const label = row.address("x", i32.trunc_sat_f32_s(row.entry("labels")))
    const logit = f32x4.splat(f32.load(label))
    row.setEntry("y", sub(log(f, sum), sub(logit, most)))
  },
  { cost: 50 },
)

export const sparseCrossentropyBackward = rowwise(
  "sparseCrossentropyBackward",
  ["in labels", "in p", "in dy", "inout dx", "int rows", "int n"],
  row => {
    const { f } = row
    const dy = f.let("dy", f32x4.splat(row.entry("dy")))
    row.walk(["p", "dx"], at => at.store("dx", add(at.load("dx"), mul(at.load("p"), dy))))
    const label = row.address("dx", i32.trunc_sat_f32_s(row.entry("labels")))
    f.v128.store32_lane(label, sub(f32x4.splat(f32.load(label)), dy), 0)
  },
  { cost: 7 },
)

export const categoricalCrossentropyForward = rowwise(
  "categoricalCrossentropyForward",
  ["in t", "in x", "out logp", "out y", "int rows", "int n"],
  row => {
    const { f } = row
    const { most, shift } = logSumExp(row, "x")
    const losses = twoSums(row)
    row.walk(["t", "x", "logp"], (at, turn) => {
      const logp = f.let("logp", sub(sub(at.load("x"), most), shift))
      at.store("logp", logp)
      f.set(losses[turn], sub(losses[turn], mul(at.load("t"), logp)))
    })
    row.setEntry("y", sumLanes(f, add(...losses)))
  },
  { cost: 50 },
)

export const categoricalLogitsBackward = rowwise(
  "categoricalLogitsBackward",
  ["in t", "in logp", "in dy", "inout dx", "int rows", "int n"],
  row => {
    const { f } = row
    const sums = twoSums(row)
    row.walk(["t"], (at, turn) => f.set(sums[turn], add(sums[turn], at.load("t"))))
    const sum = sumLanes(f, add(...sums))
    const dy = f.let("dy", f32x4.splat(row.entry("dy")))
    row.walk(["t", "logp", "dx"], at => {
      const slope = sub(mul(exp(f, at.load("logp")), sum), at.load("t"))
      at.store("dx", add(at.load("dx"), mul(slope, dy)))
    })
  },
  { cost: 50 },
)

export const binaryCrossentropyForward = rowwise(
  "binaryCrossentropyForward",
  ["in t", "in x", "out y", "int rows", "int n"],
  row => {
    const { f } = row
    const sums = twoSums(row)
    row.walk(["t", "x"], (at, turn) => {
      // Far below 0 and without a target the loss is exactly 0.
      const [t, x] = [at.load("t"), at.load("x", -1e30)]
      const linear = choose(gt(x, c(0)), mul(x, sub(c(1), t)), neg(mul(x, t)))
      const curved = log1pOfSmall(f, expOfNegative(f, neg(abs(x))))
      f.set(sums[turn], add(sums[turn], add(curved, linear)))
    })
    row.setEntry("y", div(sumLanes(f, add(...sums)), row.count))
  },
  { cost: 75 },
)

export const binaryLogitsBackward = rowwise(
  "binaryLogitsBackward",
  ["in t", "in x", "in dy", "inout dx", "int rows", "int n"],
  row => {
    const { f } = row
    const share = same(f, div(f32x4.splat(row.entry("dy")), row.count))
    row.walk(["t", "x", "dx"], at => {
      const slope = sub(sigmoid(f, at.load("x")), at.load("t"))
      at.store("dx", add(at.load("dx"), mul(slope, share)))
    })
  },
  { cost: 45 },
)

/** The row's mean, in all lanes. */
function mean(row: Row, buffer: string): Four {
  const { f } = row
  const sums = twoSums(row)
  row.walk([buffer], (at, turn) => f.set(sums[turn], add(sums[turn], at.load(buffer))))
  return same(f, div(sumLanes(f, add(...sums)), row.count))
}

export const layerNormForward = rowwise(
  "layerNormForward",
  ["in x", "in gamma", "in beta", "out h", "out inverse", "out y", "int rows", "int n", "float epsilon"],
  row => {
    const { f } = row
    const middle = mean(row, "x")
    const sums = twoSums(row)
    row.walk(["x"], (at, turn) => {
      const distance = f.let("distance", sub(at.load("x", middle), middle))
      f.set(sums[turn], add(sums[turn], mul(distance, distance)))
    })
    const variance = div(sumLanes(f, add(...sums)), row.count)
    const inverse = same(f, div(c(1), sqrt(add(variance, row.number("epsilon")))))
    row.setEntry("inverse", inverse)
    row.walk(
      ["x", "h", "y"],
      at => {
        const h = f.let("h", mul(sub(at.load("x"), middle), inverse))
        at.store("h", h)
        at.store("y", add(mul(h, at.load("gamma")), at.load("beta")))
      },
      ["gamma", "beta"],
    )
  },
  { cost: 20 },
)

export const layerNormBackward = rowwise(
  "layerNormBackward",
  ["in h", "in gamma", "in inverse", "in dy", "inout dx", "int rows", "int n"],
  row => {
    const { f } = row
    const [sums, products] = [twoSums(row), twoSums(row)]
    row.walk(
      ["h", "dy"],
      (at, turn) => {
        const g = f.let("g", mul(at.load("gamma"), at.load("dy")))
        f.set(sums[turn], add(sums[turn], g))
        f.set(products[turn], add(products[turn], mul(g, at.load("h"))))
      },
      ["gamma"],
    )
    const sum = same(f, div(sumLanes(f, add(...sums)), row.count))
    const product = same(f, div(sumLanes(f, add(...products)), row.count))
    const inverse = f.let("inverse", f32x4.splat(row.entry("inverse")))
    row.walk(
      ["h", "dy", "dx"],
      at => {
        const g = mul(at.load("gamma"), at.load("dy"))
        const slope = sub(g, add(sum, mul(at.load("h"), product)))
        at.store("dx", add(at.load("dx"), mul(inverse, slope)))
      },
      ["gamma"],
    )
  },
  { cost: 25 },
)
