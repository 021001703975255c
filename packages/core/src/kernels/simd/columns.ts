import { f32x4 } from "../wasm/index.ts"
import { columnwise, type Group } from "./columnwise.ts"
import type { Vector } from "./vector.ts"

// Twins of the loops over columns of the same names in `ops/`. The loops add in double, the twins in float32, see
// `Group.sums`: over 60,000 rows the error stays below 1,900 roundings of the sum of absolute values, 1e-4, and is
// about 3e-6 for numbers of both signs.

const { add, div, mul, sub } = f32x4

export const addBiasSums = columnwise(
  "addBiasSums",
  ["in dy", "inout dbias", "int rows", "int n"],
  group => {
    const { sum } = group.sums(["dy"], ["sum"], at => ({ sum: at.load("dy") }))
    const dbias = group.entries("dbias")
    group.setEntries(
      "dbias",
      dbias.map((d, v) => add(d, sum[v])),
    )
  },
  2,
)

/** The mean first, then the mean of squared distances from it: their difference would lose the digits. */
function moments(group: Group): void {
  const { f, count } = group
  const { sum } = group.sums(["x"], ["sum"], at => ({ sum: at.load("x") }))
  const mean = sum.map(s => f.let("mean", div(s, count)))
  group.setEntries("mean", mean)
  const { square } = group.sums(["x"], ["square"], (at, v) => {
    const distance = f.let("distance", sub(at.load("x"), mean[v]))
    return { square: mul(distance, distance) }
  })
  group.setEntries(
    "variance",
    square.map(s => div(s, count)),
  )
}

export const columnMoments = columnwise(
  "columnMoments",
  ["in x", "out mean", "out variance", "int rows", "int n"],
  moments,
  6,
)

export const normalizeColumns = columnwise(
  "normalizeColumns",
  ["in x", "in mean", "in inverse", "in gamma", "in beta", "out y", "int rows", "int n"],
  group => {
    const [mean, inverse, gamma, beta] = ["mean", "inverse", "gamma", "beta"].map(key => group.entries(key))
    const scale = gamma.map((g, v) => group.f.let("scale", mul(g, inverse[v])))
    group.walk(["x", "y"], (at, v) => at.store("y", add(mul(sub(at.load("x"), mean[v]), scale[v]), beta[v])))
  },
  5,
)

export const normalizeColumnSums = columnwise(
  "normalizeColumnSums",
  ["in x", "in mean", "in inverse", "in dy", "out sums", "out products", "int rows", "int n"],
  group => {
    const [mean, inverse] = [group.entries("mean"), group.entries("inverse")]
    const { sum, product } = group.sums(["x", "dy"], ["sum", "product"], (at, v) => {
      const dy = at.load("dy")
      return { sum: dy, product: mul(dy, sub(at.load("x"), mean[v])) }
    })
    group.setEntries("sums", sum)
    group.setEntries(
      "products",
      product.map((p, v): Vector => mul(p, inverse[v])),
    )
  },
  5,
)

export const batchNormBackward = columnwise(
  "batchNormBackward",
  ["in x", "in mean", "in inverse", "in gamma", "in dy", "in sums", "in products", "inout dx", "int rows", "int n"],
  group => {
    const { f, count } = group
    const [mean, inverse, gamma] = ["mean", "inverse", "gamma"].map(key => group.entries(key))
    const [sums, products] = [group.entries("sums"), group.entries("products")]
    const scale = gamma.map((g, v) => f.let("scale", mul(g, inverse[v])))
    const average = sums.map(s => f.let("average", div(s, count)))
    const tilt = products.map((p, v) => f.let("tilt", div(mul(p, inverse[v]), count)))
    group.walk(["x", "dy", "dx"], (at, v) => {
      const rest = add(average[v], mul(sub(at.load("x"), mean[v]), tilt[v]))
      at.store("dx", add(at.load("dx"), mul(scale[v], sub(at.load("dy"), rest))))
    })
  },
  9,
)
