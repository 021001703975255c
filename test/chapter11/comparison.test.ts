import { asJson, compare, expected, experiments, type Finals, listText, type RunRecord } from "@selvedge/chapter11"
import { expect, it } from "vitest"
import { finalsOf, finalsOfRecords } from "../../packages/chapter11/src/comparison/finals.ts"
import { comparisonMarkdown, comparisonText } from "../../packages/chapter11/src/comparison/tables.ts"
import { verdicts } from "../../packages/chapter11/src/comparison/verdict.ts"
import { hasDiverged } from "../../packages/chapter11/src/running/record.ts"

const shifted = (finals: Finals, accuracy: number, loss = 0): Finals => ({
  ...finals,
  val_accuracy: finals.val_accuracy.map(x => (x === null ? null : x + accuracy)),
  val_loss: finals.val_loss.map(x => (x === null ? null : x + loss)),
})

const shiftedAll = (accuracy: number) =>
  Object.fromEntries(Object.entries(expected).map(([key, finals]) => [key, shifted(finals, accuracy)]))

it("Keras does not differ from itself", () => {
  const { keys, tests, statements } = compare(expected, expected)
  expect(keys.map(({ key }) => key)).toEqual(Object.keys(expected))
  // Two metrics a key, and a rate where a run diverged: exponential_step and piecewise among them.
  const rates = keys.filter(({ divergence }) => divergence !== null).map(({ key }) => key)
  expect(rates).toEqual(expect.arrayContaining(["exponential_step", "piecewise"]))
  expect(tests).toBe(2 * keys.length + rates.length)
  expect(keys.every(({ val_loss, val_accuracy }) => !val_loss!.differs && !val_accuracy!.differs)).toBe(true)
  expect(statements[0]).toBe(`No difference from Keras at 1 % over ${tests} tests.`)
})

it("a bias of one point of accuracy is caught on the stable keys, and they are named", () => {
  const { keys, statements } = compare(shiftedAll(-0.01), expected)
  const caught = keys.filter(({ val_accuracy }) => val_accuracy!.differs).map(({ key }) => key)
  const stable = ["leaky_relu", "prelu", "bn", "bn_before", "model_A", "power", "keras_exponential", "one_cycle"]
  for (const key of stable) expect(caught).toContain(key)
  const named = keys.filter(({ val_accuracy }) => val_accuracy!.powerAtOnePoint >= 0.9).map(({ key }) => key)
  for (const key of stable) expect(named).toContain(key)
  expect(named).not.toContain("piecewise")
  expect(statements[1]).toContain("leaky_relu")
  expect(statements[2]).toMatch(/piecewise \d+\.\d/)
})

it("runs that diverge are left out of the means and compared as a rate", () => {
  const seeds = [1, 2, 3, 4, 5, 6, 7, 8, 9]
  const fine: Finals = {
    seeds,
    val_loss: seeds.map(s => 0.5 + s / 100),
    val_accuracy: seeds.map(s => 0.8 + s / 1000),
    seconds: 1,
  }
  const broken: Finals = {
    ...fine,
    val_loss: seeds.map(s => (s < 9 ? null : 0.55)),
    val_accuracy: seeds.map(() => 0.8),
  }
  const { keys } = compare({ key: broken }, { key: fine })
  expect(keys[0]!.ours).toMatchObject({ runs: 9, diverged: 8 })
  expect(keys[0]!.ours.val_loss).toMatchObject({ n: 1, mean: 0.55 })
  expect(keys[0]!.keras.diverged).toBe(0)
  expect(keys[0]!.divergence).toMatchObject({ differs: true })
})

it("a run diverged when a loss is not finite, or the last one is above what guessing costs", () => {
  expect(hasDiverged({ loss: [1, 0.5], val_loss: [3, 0.6] })).toBe(false)
  expect(hasDiverged({ loss: [1, null], val_loss: [1, 1] })).toBe(true)
  expect(hasDiverged({ loss: [4, 2.8], val_loss: [4, 2.85] })).toBe(true)
  expect(hasDiverged({})).toBe(false)
})

it("the table of expected figures is that of Keras's record", () => {
  // From the record itself: seed 45 of one_cycle is not special, but a shifted table would not have it.
  expect(expected.leaky_relu!.val_accuracy[0]).toBe(0.8414)
  expect(expected.exponential_step!.val_loss[7]).toBeCloseTo(12.008, 3)
  // Every key has nine seeds or more, from 42 on without a gap.
  for (const [key, { seeds, val_loss, val_accuracy, test_accuracy }] of Object.entries(expected)) {
    expect(Object.keys(experiments)).toContain(key)
    expect(seeds.length, key).toBeGreaterThanOrEqual(9)
    expect(seeds, key).toEqual(seeds.map((_, i) => 42 + i))
    for (const values of [val_loss, val_accuracy, test_accuracy ?? val_loss])
      expect(values, key).toHaveLength(seeds.length)
  }
  for (const key of ["B_on_A", "B_on_A_shared"]) expect(expected[key]!.test_accuracy).toHaveLength(10)
})

it("finalsOf takes the last epoch, and null for a run with a loss that is not finite", () => {
  const run = { accuracy: [0.1, 0.2], val_accuracy: [0.3, 0.4], seconds: 2 }
  const finals = finalsOf({
    "43": { ...run, loss: [1, null], val_loss: [1, 1], test: [0.5, 0.9] },
    "42": { ...run, loss: [1, 0.9], val_loss: [1, 0.8], test: [0.5, 0.8] },
  })
  expect(finals).toEqual({
    seeds: [42, 43],
    val_loss: [0.8, null],
    val_accuracy: [0.4, null],
    test_accuracy: [0.8, 0.9],
    seconds: 2,
  })
})

const record = (key: string, seed: number, settings: Partial<RunRecord["settings"]> = {}): RunRecord => ({
  key,
  title: key,
  seed,
  settings: { epochs: null, quick: false, data: null, ...settings },
  images: "Fashion-MNIST",
  history: { loss: [1, 0.5], accuracy: [0.5, 0.8], val_loss: [1, 0.48], val_accuracy: [0.5, 0.84] },
  parts: {},
  seconds: 3,
  test: [0.5, 0.83],
  diverged: false,
  facts: { mc_accuracy: 0.9 },
  lines: [],
  figures: [],
  versions: {},
})

it("only runs under the book's conditions are compared", () => {
  const records = [record("bn", 42), record("bn", 43, { quick: true }), record("prelu", 42, { epochs: 2 })]
  expect(finalsOfRecords(records)).toEqual({
    bn: { seeds: [42], val_loss: [0.48], val_accuracy: [0.84], test_accuracy: [0.83], seconds: 3 },
  })
})

it("the JSON has Keras's form to the letter, with findings and comparison beside it", () => {
  const curves = { loss: [1, 0.5], accuracy: [0.5, 0.8], val_loss: [1, 0.48], val_accuracy: [0.5, 0.84] }
  const untested = { ...record("bn", 43), test: null }
  const json = asJson([record("bn", 42), untested])
  expect(json).toMatchObject({
    findings: { bn: { "42": { mc_accuracy: 0.9, diverged: false } } },
    comparison: { keys: [{ key: "bn" }] },
    verdicts: [],
  })
  const { runs } = JSON.parse(JSON.stringify(json))
  expect(runs).toEqual({
    bn: { "42": { ...curves, seconds: 3, test: [0.5, 0.83] }, "43": { ...curves, seconds: 3 } },
  })
})

it("drawn garments are not held against Fashion-MNIST", () => {
  const drawn = { ...record("bn", 42), images: "synthetic garments" }
  expect(asJson([drawn])).toMatchObject({ comparison: { keys: [] } })
})

const tested = (seeds: number[], test_accuracy: number[]): Finals => ({
  seeds,
  val_loss: seeds.map(() => 0.1),
  val_accuracy: seeds.map(() => 0.9),
  test_accuracy,
  seconds: 1,
})

it("the verdict is the ratio of test errors, Keras's of the same form beside it", () => {
  const model_B = tested([1, 2], [0.96, 0.98])
  const ours = { model_B, B_on_A: tested([1, 2], [0.99, 0.99]), B_on_A_shared: tested([1, 2], [0.98, 0.98]) }
  const [frozen, shared] = verdicts(ours, expected)
  expect(frozen!.ratios.map(x => Number(x.toFixed(6)))).toEqual([4, 2])
  expect(frozen!.mean).toBeCloseTo(3, 6)
  // The ratios of Keras's first nine seeds, from its record's test accuracies by hand.
  const known = ["3.6", "1.1", "1.5", "1.3", "4.9", "2.8", "0.9", "1.5", "0.9"]
  expect(frozen!.keras!.ratios.slice(0, 9).map(x => x.toFixed(1))).toEqual(known)
  expect(frozen!.p).toBeGreaterThan(0.05)
  expect(shared!.ratios.map(x => Number(x.toFixed(6)))).toEqual([2, 1])
  // Without runs of the same form in Keras nothing is held against another form's.
  const [, alone] = verdicts(ours, { model_B: expected.model_B!, B_on_A: expected.B_on_A! })
  expect([alone!.keras, alone!.p]).toEqual([null, null])
  const [, beside] = verdicts(ours, { model_B, B_on_A_shared: tested([1, 2], [0.98, 0.96]) })
  expect(beside!.keras!.ratios.map(x => Number(x.toFixed(6)))).toEqual([2, 0.5])
  expect(beside!.p).toBe(1)
})

it("the verdict as a table has a row a seed, both forms with Keras beside them, and the means", () => {
  const model_B = tested([1, 2], [0.96, 0.98])
  const ours = { model_B, B_on_A: tested([1, 2], [0.99, 0.99]), B_on_A_shared: tested([2], [0.99]) }
  const theirs = { model_B: tested([2, 3], [0.98, 0.97]), B_on_A: tested([2, 3], [0.98, 0.99]) }
  const all = verdicts(ours, theirs)
  const text = comparisonText(compare({}, {}), all)
  expect(text).toBe(`Test error of B alone : on A, by the form of reuse
seed  frozen, then unfrozen  Keras  shared, never frozen  Keras
1                      4.00      -                     -      -
2                      2.00   1.00                  2.00      -
3                         -   3.00                     -      -
mean                   3.00   2.00                  2.00      -
B_on_A: B alone errs 3.00 times as often as B on A, over 2 seeds; in Keras 2.00 times, over 2 seeds. Rank-sum test: p = 0.667, no difference at 1 %.
B_on_A_shared: B alone errs 2.00 times as often as B on A, over 1 seed.`)
  expect(comparisonMarkdown(compare({}, {}), all, "x")).toContain("| mean | 3.00 | 2.00 | 2.00 | - |")
})

it("both sides stand beside each other, on the terminal and in Markdown", () => {
  const comparison = compare({ bn: expected.bn!, exponential_step: expected.exponential_step! }, expected)
  const text = comparisonText(comparison, [])
  expect(text.split("\n")[0]).toMatch(/^key +runs +val_loss +Keras +p +val_accuracy +Keras/)
  const runs = `${expected.bn!.seeds.length}/${expected.bn!.seeds.length}`
  expect(text).toMatch(new RegExp(`bn +${runs} +(0\\.36\\d\\d ± 0\\.00\\d\\d) +\\1 +1\\.000`))
  expect(text).toMatch(/exponential_step .* (\d\/\d+) +\1 +1\.000/)
  expect(comparisonMarkdown(comparison, [], "Two keys.")).toMatch(
    new RegExp(`\\| bn \\| ${runs} \\| (0\\.36\\d\\d ± 0\\.00\\d\\d) \\| \\1 \\|`),
  )
})

it("the list shows every experiment with what Keras reached", () => {
  const lines = listText().split("\n")
  for (const [key, { title }] of Object.entries(experiments)) {
    expect(lines.some(line => line.startsWith(`${key} `) && line.endsWith(title))).toBe(true)
  }
  expect(lines.find(line => line.startsWith("leaky_relu"))).toMatch(
    /10 +0\.48\d\d ± 0\.00\d\d +0\.839\d ± 0\.00\d\d +\d+ +0 /,
  )
})
