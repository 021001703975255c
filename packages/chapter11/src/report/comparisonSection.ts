import type { ReportBlock, ReportCell, ReportSection, ReportTable } from "@selvedge/report"
import { book } from "../comparison/book.ts"
import type { KeyComparison, MeanTest, Test } from "../comparison/compare.ts"
import { divergedOf, type Finals, finalsOfAll } from "../comparison/finals.ts"
import { formatP, formatSample } from "../comparison/tables.ts"
import { sampleOf } from "../comparison/tests.ts"
import type { ChapterResults } from "../results.ts"

type Metric = "val_loss" | "val_accuracy"

const method =
  "Means ± standard deviations over the runs that did not diverge, in the last epoch. The book's figures are of one run. " +
  "p is of Welch's t-test against Keras (of rates: Fisher's exact test) after Holm's correction over all tests. " +
  "“Finds” is the bias, in points of accuracy, that would have been found with a probability of 0.9. " +
  "Runs are counted here / in Keras. A run has diverged when a loss is not finite or the last validation loss is above ln 10."

/** The chapter beside the book and Keras: a table a metric, how often runs diverge, and what can be said of it. */
export function comparisonSection(results: ChapterResults): ReportSection {
  const { comparison, finals, runs } = results
  const comparable = Object.keys(finals).length > 0
  // Quick runs cannot be held against anything, but are shown.
  const shown = comparable ? finals : finalsOfAll(runs.map(({ record }) => record))
  const blocks: ReportBlock[] = comparable
    ? [{ list: comparison.keys.length > 0 ? comparison.statements : ["None of these experiments ran in Keras."] }]
    : ["These runs are short ones, or on drawn images: book and Keras are beside them for orientation only."]
  if (Object.keys(shown).length > 0) {
    blocks.push({ table: accuracyTable(shown, results) }, { table: lossTable(shown, results) })
  }
  blocks.push(...divergence(comparison.keys))
  return { heading: "Beside the book and Keras", blocks: [...blocks, method] }
}

const comparedOf = ({ comparison }: ChapterResults, key: string) => comparison.keys.find(one => one.key === key)

function accuracyTable(shown: Readonly<Record<string, Finals>>, results: ChapterResults): ReportTable {
  const columns = ["Experiment", "Book", "Selvedge", "Keras", "Runs", "p", "Finds", "Verdict"]
  const rows = Object.entries(shown).map(([key, finals]) => {
    const test = comparedOf(results, key)?.val_accuracy ?? null
    const runs = `${finals.seeds.length} / ${results.expected[key]?.seeds.length ?? 0}`
    const finds = test ? `${(100 * test.detectable).toFixed(1)}` : null
    return [...sides(key, "val_accuracy", finals, results), runs, test ? formatP(test) : null, finds, verdict(test)]
  })
  return { caption: "Validation accuracy in the last epoch", columns, rows }
}

function lossTable(shown: Readonly<Record<string, Finals>>, results: ChapterResults): ReportTable {
  const columns = ["Experiment", "Book", "Selvedge", "Keras", "p", "Verdict"]
  const rows = Object.entries(shown).map(([key, finals]) => {
    const test = comparedOf(results, key)?.val_loss ?? null
    return [...sides(key, "val_loss", finals, results), test ? formatP(test) : null, verdict(test)]
  })
  return { caption: "Validation loss in the last epoch", columns, rows }
}

/** The experiment with a link to its part, and what it reached in the book, here and in Keras. */
function sides(key: string, metric: Metric, finals: Finals, results: ChapterResults): ReportCell[] {
  const { expected, finals: comparable } = results
  const ofBook = book[key]?.[metric]
  return [
    { text: key, section: key },
    ofBook === undefined ? null : ofBook.toFixed(4),
    sampleText(finals, metric, key in comparable),
    sampleText(expected[key], metric),
  ]
}

/** Few steps leave many networks above what guessing costs: only a whole run is left out for that. */
function sampleText(finals: Finals | undefined, metric: Metric, whole = true): string | null {
  if (!finals) return null
  const diverged = whole ? divergedOf(finals) : []
  const kept = finals[metric].filter((x, i): x is number => x !== null && !diverged[i])
  return kept.length > 0 ? formatSample(sampleOf(kept)) : "diverged"
}

function verdict(test: Test | MeanTest | null): ReportCell {
  if (test === null) return null
  return test.differs ? { text: "differs", tone: "bad" } : { text: "agrees", tone: "good" }
}

function divergence(keys: readonly KeyComparison[]): ReportBlock[] {
  const rows = keys
    .filter(({ ours, keras }) => ours.diverged + keras.diverged > 0)
    .map(({ key, ours, keras, divergence: test }) => [
      { text: key, section: key },
      `${ours.diverged} of ${ours.runs}`,
      `${keras.diverged} of ${keras.runs}`,
      test ? formatP(test) : null,
      verdict(test),
    ])
  if (rows.length === 0) return []
  const columns = ["Experiment", "Selvedge", "Keras", "p", "Verdict"]
  return [{ table: { caption: "Runs that diverged", columns, rows } }]
}
