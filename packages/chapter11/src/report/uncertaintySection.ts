import type { ReportBlock, ReportSection } from "@selvedge/report"
import { book } from "../comparison/book.ts"
import type { Fact } from "../experiment.ts"
import type { ChapterResults, CollectedRun } from "../results.ts"
import { chartOf } from "./pictures.ts"

const tables = ["Without dropout", "Mean of", "Their std deviation"]

/** What Monte Carlo dropout says about a network's certainty, with the images it is least sure of; null without a run of it. */
export async function uncertaintySection({ runs }: ChapterResults): Promise<ReportSection | null> {
  const found = runs.filter(({ record }) => record.key === "mc_dropout")
  const [first] = found
  if (!first) return null
  const charts = await Promise.all(first.record.figures.map(name => chartOf(first, name)))
  return {
    heading: "How sure a network is",
    blocks: [
      `Monte Carlo dropout: a hundred passes of each test image through the network of alpha_dropout with dropout on. Where the passes differ, it is not sure. Seed ${first.record.seed}.`,
      ...accuracy(found),
      ...firstImage(first.record.facts),
      ...charts.filter(chart => chart !== null),
    ],
  }
}

function accuracy(runs: readonly CollectedRun[]): ReportBlock[] {
  const mean = (name: string) => {
    const values = runs.map(({ record }) => record.facts[name]).filter(x => typeof x === "number")
    return values.reduce((sum, x) => sum + x, 0) / values.length
  }
  const rows = [
    ["without dropout", mean("accuracy").toFixed(4), (book.alpha_dropout?.test_accuracy ?? 0).toFixed(4)],
    ["mean of the passes", mean("mc_accuracy").toFixed(4), (book.mc_dropout?.test_accuracy ?? 0).toFixed(4)],
  ]
  const caption = `Test accuracy, mean over ${runs.length === 1 ? "1 run" : `${runs.length} runs`}`
  return [{ table: { caption, columns: ["", "Selvedge", "Book"], rows } }]
}

const isTable = (fact: Fact | undefined): fact is { readonly [name: string]: Fact } =>
  typeof fact === "object" && fact !== null && !Array.isArray(fact)

/** The book's table: what it thinks of the first test image, class by class. */
function firstImage(facts: Readonly<Record<string, Fact>>): ReportBlock[] {
  const columns = Object.entries(facts).filter(([name, fact]) => tables.some(t => name.startsWith(t)) && isTable(fact))
  const [, first] = columns[0] ?? []
  if (!isTable(first)) return []
  const number = (fact: Fact, name: string) => (isTable(fact) && typeof fact[name] === "number" ? fact[name] : null)
  const rows = Object.keys(first).map(name => [
    name,
    ...columns.map(([, fact]) => number(fact, name)?.toFixed(2) ?? null),
  ])
  return [
    {
      table: {
        caption: "Probabilities of the first test image",
        columns: ["Class", ...columns.map(([name]) => name)],
        rows,
      },
    },
  ]
}
