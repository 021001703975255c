import { level } from "./compare.ts"
import type { Finals } from "./finals.ts"
import { rankSum } from "./tests.ts"

/** How many times the test error of B alone is that of B on A, seed by seed. */
export interface Ratios {
  readonly seeds: readonly number[]
  /** (100 - a) / (100 - b) with a the test accuracy of B alone and b that of B on A, in percent. */
  readonly ratios: readonly number[]
  readonly mean: number
}

/** What reusing A's layers brings, here and in Keras. */
export interface Verdict extends Ratios {
  /** `"B_on_A"` or `"B_on_A_shared"`. */
  readonly key: string
  /** Keras's ratios of the same form; null where it has not run. */
  readonly keras: Ratios | null
  /** Rank-sum test of our ratios against Keras's, exact and two-sided; null where there are too few. */
  readonly p: number | null
}

/** The two forms of reuse, as tables name them. */
export const forms: Readonly<Record<string, string>> = {
  B_on_A: "frozen, then unfrozen",
  B_on_A_shared: "shared, never frozen",
}

/** The verdict over seeds of freezing and unfreezing and of plain sharing, each beside the same form in Keras. */
export function verdicts(
  ours: Readonly<Record<string, Finals>>,
  keras: Readonly<Record<string, Finals>>,
): readonly Verdict[] {
  return Object.keys(forms).flatMap(key => {
    const own = ratiosOf(ours, key)
    if (own === null) return []
    const theirs = ratiosOf(keras, key)
    const p = theirs !== null && own.ratios.length > 1 ? rankSum(own.ratios, theirs.ratios) : null
    return [{ key, ...own, keras: theirs, p }]
  })
}

function ratiosOf(finals: Readonly<Record<string, Finals>>, key: string): Ratios | null {
  const [alone, reused] = [finals.model_B, finals[key]]
  const at = (of: Finals | undefined, seed: number) => of?.test_accuracy?.[of.seeds.indexOf(seed)]
  const pairs = (reused?.seeds ?? []).flatMap(seed => {
    const [a, b] = [at(alone, seed), at(reused, seed)]
    // An error of no image at all would make the ratio infinite: half an image of 2,000 stands for it.
    return typeof a === "number" && typeof b === "number" ? [{ seed, ratio: (1 - a) / Math.max(1 - b, 1 / 4000) }] : []
  })
  if (pairs.length === 0) return null
  const ratios = pairs.map(({ ratio }) => ratio)
  const mean = ratios.reduce((sum, x) => sum + x, 0) / ratios.length
  return { seeds: pairs.map(({ seed }) => seed), ratios, mean }
}

/** A row a seed with the ratio of each form, here and in Keras, and a last one of the means. */
export function verdictRows(all: readonly Verdict[]): readonly (readonly string[])[] {
  const sides = all.flatMap(({ key, seeds, ratios, mean, keras }) => [
    { name: forms[key] ?? key, seeds, ratios, mean },
    { name: "Keras", ...(keras ?? { seeds: [], ratios: [], mean: Number.NaN }) },
  ])
  const seeds = [...new Set(sides.flatMap(side => side.seeds))].sort((a, b) => a - b)
  const number = (x: number | undefined) => (x !== undefined && Number.isFinite(x) ? x.toFixed(2) : "-")
  return [
    ["seed", ...sides.map(({ name }) => name)],
    ...seeds.map(seed => [String(seed), ...sides.map(side => number(side.ratios[side.seeds.indexOf(seed)]))]),
    ["mean", ...sides.map(({ mean }) => number(mean))],
  ]
}

/** What the ratios of a form say, in a sentence. */
export function verdictSentence({ key, seeds, mean, keras, p }: Verdict): string {
  const over = (n: number) => `over ${n} ${n === 1 ? "seed" : "seeds"}`
  const own = `${key}: B alone errs ${mean.toFixed(2)} times as often as B on A, ${over(seeds.length)}`
  if (keras === null) return `${own}.`
  const beside = `${own}; in Keras ${keras.mean.toFixed(2)} times, ${over(keras.seeds.length)}`
  if (p === null) return `${beside}.`
  return `${beside}. Rank-sum test: p = ${p.toFixed(3)}, ${p < level ? "different" : "no difference"} at ${100 * level} %.`
}
