import type { Finals } from "./finals.ts"
import { rankSum } from "./tests.ts"

/** What reusing A's layers brings: how many times the test error of B alone is that of B on A. */
export interface Verdict {
  /** `"B_on_A"` or `"B_on_A_shared"`. */
  readonly key: string
  readonly seeds: readonly number[]
  /** (100 - a) / (100 - b) with a the test accuracy of B alone and b that of B on A, in percent. */
  readonly ratios: readonly number[]
  readonly mean: number
  readonly keras: { readonly ratios: readonly number[]; readonly mean: number } | null
  /** Rank-sum test of our ratios against Keras's. */
  readonly p: number | null
}

/** The verdict over seeds of freezing and unfreezing and of plain sharing, beside Keras's where there is one. */
export function verdicts(
  ours: Readonly<Record<string, Finals>>,
  keras: Readonly<Record<string, Finals>>,
): readonly Verdict[] {
  return ["B_on_A", "B_on_A_shared"].flatMap(key => {
    const own = ratiosOf(ours, key)
    if (own.ratios.length === 0) return []
    // Keras's runs are of the first form; the plain form reaches about the same, and is held against the same numbers.
    const theirs = ratiosOf(keras, "B_on_A").ratios
    const p = theirs.length > 0 && own.ratios.length > 1 ? rankSum(own.ratios, theirs) : null
    const side = theirs.length > 0 ? { ratios: theirs, mean: meanOf(theirs) } : null
    return [{ key, ...own, mean: meanOf(own.ratios), keras: side, p }]
  })
}

function ratiosOf(finals: Readonly<Record<string, Finals>>, key: string) {
  const [alone, reused] = [finals.model_B, finals[key]]
  const at = (of: Finals | undefined, seed: number) => of?.test_accuracy?.[of.seeds.indexOf(seed)]
  const pairs = (reused?.seeds ?? []).flatMap(seed => {
    const [a, b] = [at(alone, seed), at(reused, seed)]
    // An error of no image at all would make the ratio infinite: half an image of 2,000 stands for it.
    return typeof a === "number" && typeof b === "number" ? [{ seed, ratio: (1 - a) / Math.max(1 - b, 1 / 4000) }] : []
  })
  return { seeds: pairs.map(({ seed }) => seed), ratios: pairs.map(({ ratio }) => ratio) }
}

const meanOf = (values: readonly number[]) => values.reduce((sum, x) => sum + x, 0) / values.length
