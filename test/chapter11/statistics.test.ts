import { expect, it } from "vitest"
import {
  incompleteBeta,
  logChoose,
  logGamma,
  studentCdf,
  studentQuantile,
  studentTwoSided,
} from "../../packages/chapter11/src/comparison/distributions.ts"
import {
  detectable,
  fisher,
  holm,
  powerOf,
  rankSum,
  sampleOf,
  welch,
} from "../../packages/chapter11/src/comparison/tests.ts"

// All values by SciPy 1.17: gammaln, betainc, t.cdf, t.sf, t.ppf, ttest_ind, fisher_exact, mannwhitneyu.

const near = (got: number, want: number, relative = 1e-11) =>
  expect(Math.abs(got - want), `${got} for ${want}`).toBeLessThanOrEqual(relative * Math.abs(want) + 1e-15)

it.each([
  [0.1, 2.252712651734206],
  [0.5, 0.5723649429247],
  [1, 0],
  [2.5, 0.2846828704729192],
  [10, 12.801827480081469],
  [171.5, 709.1431630309283],
])("logGamma(%d)", (x, want) => {
  expect(Math.abs(logGamma(x) - want)).toBeLessThan(1e-12 * Math.max(1, want))
})

it("logChoose counts", () => {
  near(Math.exp(logChoose(10, 3)), 120)
  near(Math.exp(logChoose(5, 0)), 1)
})

it.each([
  [0.3, 2, 5, 0.5798250000000003],
  [0.9, 0.5, 0.5, 0.7951672353008665],
  [0.01, 8, 0.5, 1.9725935438015003e-17],
  [0.6, 30, 20, 0.4922998003423522],
  [0, 2, 3, 0],
  [1, 2, 3, 1],
])("incompleteBeta(%d, %d, %d)", (x, a, b, want) => {
  near(incompleteBeta(x, a, b), want)
})

it.each([
  [0.5, 3, 0.6742760175759245],
  [2.1, 7.3, 0.9638766432875733],
  [-1.7, 16, 0.054242170062809236],
  [4.2, 9.5, 0.9989764999329652],
  [12, 2.5, 0.9985818924849609],
  [-30, 8, 8.26762837589488e-10],
  [0, 5, 0.5],
])("studentCdf(%d, %d)", (t, df, want) => {
  near(studentCdf(t, df), want)
})

it.each([
  [0.5, 3, 0.651447964848151],
  [2.1, 7.3, 0.0722467134248534],
  [8, 16, 5.545447643693234e-7],
  [40, 12.5, 1.429153296371695e-14],
])("studentTwoSided(%d, %d)", (t, df, want) => {
  near(studentTwoSided(t, df), want)
})

it.each([
  [0.9, 8, 1.3968153097438654],
  [0.995, 16, 2.9207816224251],
  [0.9999, 7.3, 6.850381320312414],
  [0.025, 12, -2.1788128296672293],
  [0.5, 4, 0],
])("studentQuantile(%d, %d)", (p, df, want) => {
  near(studentQuantile(p, df), want, 1e-10)
})

it.each([
  [
    [0.8414, 0.8386, 0.842, 0.8396],
    [0.8388, 0.839, 0.842, 0.8362, 0.8392],
    1.1233916207736878,
    6.999123951404937,
    0.29832128695869203,
  ],
  [[1.1, 2.3, 0.7, 5.5, 3.2], [10.1, 9.2, 11.4, 8.8], -7.078654764429072, 6.627001042934483, 0.00025440508171946846],
])("welch", (a, b, t, df, p) => {
  const test = welch(sampleOf(a), sampleOf(b))!
  near(test.t, t, 1e-9)
  near(test.df, df, 1e-9)
  near(test.p, p, 1e-9)
})

it("welch of a single run takes its scatter from the other side, and nothing from nothing", () => {
  const many = sampleOf([1, 2, 3, 4, 5])
  const one = welch(sampleOf([9]), many)!
  expect(one.df).toBe(4)
  near(one.t, 6 / Math.sqrt(2.5 * 1.2))
  expect(welch(sampleOf([1]), sampleOf([2]))).toBeNull()
  expect(welch(sampleOf([]), many)).toBeNull()
})

it("holm multiplies the smallest most and keeps the order", () => {
  // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")
  expect(holm([0.01, 0.04, 0.03, 0.005]).map(p => Number(p.toFixed(10)))).toEqual([0.03, 0.06, 0.06, 0.02])
  expect(holm([0.5, 0.9])).toEqual([1, 1])
  expect(holm([])).toEqual([])
})

it.each([
  [1, 9, 3, 10, 0.5820433436532508],
  [0, 10, 5, 9, 0.010835913312693499],
  [8, 10, 1, 9, 0.005477494641581328],
  [2, 3, 0, 9, 0.045454545454545456],
  [0, 5, 0, 5, 1],
])("fisher(%d of %d, %d of %d)", (a, n, b, m, want) => {
  near(fisher(a, n, b, m), want, 1e-9)
})

it("rankSum is exact, with ties by mean ranks", () => {
  near(rankSum([3.6, 1.1, 1.5, 1.3, 4.9], [2.8, 0.9, 1.55, 0.95]), 0.4126984126984127)
  near(rankSum([1, 2, 3, 4, 9], [5, 6, 7, 8, 10, 11]), 0.05194805194805195)
  // All 126 choices counted with NumPy over SciPy's mean ranks.
  near(rankSum([1, 2, 2, 3], [2, 4, 5, 5, 6]), 0.047619047619047616)
})

it("rankSum of ten against ten, as the verdict on transfer has them", () => {
  // mannwhitneyu(method="exact").
  const keras = [3.6, 1.1, 1.5, 1.3, 4.9, 2.8, 0.9, 1.55, 0.95, 2.05]
  near(rankSum([2.1, 1.2, 1.7, 3.9, 2.4, 5, 1, 1.6, 2.9, 3.1], keras), 0.24745069172313758)
  // With ties, which that refuses: all 184,756 choices counted with itertools over SciPy's rankdata.
  const [a, b] = [
    [1.4, 2.2, 2.2, 3.1, 0.8, 1.9, 2.2, 4, 1.1, 2.7],
    [1.1, 0.9, 1.4, 1, 2.2, 0.8, 1.2, 1, 1.3, 0.7],
  ]
  near(rankSum(a!, b!), 0.01060858645997965)
})

it("a detectable bias is found with the power it was computed for", () => {
  const test = welch(sampleOf([0.84, 0.842, 0.838, 0.841]), sampleOf([0.841, 0.839, 0.84, 0.842]))!
  const bias = detectable(test, 0.001, 0.9)
  near(powerOf(test, 0.001, bias), 0.9, 1e-9)
  expect(powerOf(test, 0.001, 2 * bias)).toBeGreaterThan(0.99)
})
