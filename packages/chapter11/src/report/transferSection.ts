import type { ReportSection, ReportTable } from "@selvedge/report"
import { book } from "../comparison/book.ts"
import type { Finals } from "../comparison/finals.ts"
import { forms, verdictRows, verdictSentence } from "../comparison/verdict.ts"
import type { ChapterResults } from "../results.ts"

const explanation =
  "(100 − a) / (100 − b), with a the test accuracy of B trained alone and b that of B on A's layers, in percent: by what factor reuse lowers the test error. " +
  "Two forms: A's layers frozen for 4 epochs and then trained with the new head for 16, or shared for 16 epochs and never frozen, which changes A. " +
  "The rank-sum test (Mann and Whitney's, exact) asks whether ratios here tend to be larger or smaller than in Keras."

/** The verdict on transfer learning over seeds, in both forms; null before there is one. */
export function transferSection({ verdicts, finals, runs }: ChapterResults): ReportSection | null {
  if (verdicts.length === 0) return null
  const [columns = [], ...rows] = verdictRows(verdicts)
  const ratios: ReportTable = { caption: "How many times as often B errs alone as on A, by seed", columns, rows }
  const change = changeOfA(runs)
  return {
    heading: "What transfer brings",
    blocks: [
      explanation,
      { list: [...verdicts.map(verdictSentence), bookSentence()] },
      { table: ratios },
      { table: errors(finals) },
      ...(change === null ? [] : [change]),
    ],
  }
}

function bookSentence(): string {
  const { model_B: { test_accuracy: a = 0 } = {}, B_on_A: { test_accuracy: b = 0 } = {} } = book
  return `The book's single run comes to ${((1 - a) / (1 - b)).toFixed(1)} (frozen, then unfrozen).`
}

function errors(finals: Readonly<Record<string, Finals>>): ReportTable {
  const keys = ["model_B", ...Object.keys(forms)].filter(key => finals[key])
  const seeds = [...new Set(keys.flatMap(key => finals[key]?.seeds ?? []))].sort((a, b) => a - b)
  const cell = (key: string, seed: number) => {
    const { seeds: own = [], test_accuracy = [] } = finals[key] ?? {}
    const accuracy = test_accuracy[own.indexOf(seed)]
    return typeof accuracy === "number" ? `${(100 - 100 * accuracy).toFixed(2)} %` : null
  }
  return {
    caption: "Test error of B here, by seed",
    columns: ["seed", "alone", ...keys.slice(1).map(key => forms[key] ?? key)],
    rows: seeds.map(seed => [String(seed), ...keys.map(key => cell(key, seed))]),
  }
}

/** What plain sharing did to A, and that its clone was spared. */
function changeOfA(runs: ChapterResults["runs"]): string | null {
  const means = ["A after B was trained on its layers", "A's clone"].map(name => {
    const found = runs.map(({ record }) => record.facts[name]).filter(x => typeof x === "number")
    return found.length > 0 ? found.reduce((sum, x) => sum + x, 0) / found.length : null
  })
  const [after, clone] = means
  if (typeof after !== "number" || typeof clone !== "number") return null
  return `Sharing changes A: its test accuracy, ${clone.toFixed(4)} as its clone keeps it, is ${after.toFixed(4)} after B was trained on its layers (means over seeds).`
}
