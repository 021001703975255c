import { join } from "node:path"
import { writeFileAtomic } from "@selvedge/formats"
import { htmlReport } from "@selvedge/report"
import { experiments } from "../experiments/index.ts"
import { type ChapterResults, collect } from "../results.ts"
import { comparisonSection } from "./comparisonSection.ts"
import { runSections } from "./runSections.ts"
import { transferSection } from "./transferSection.ts"
import { uncertaintySection } from "./uncertaintySection.ts"
import { wallClockSection } from "./wallClockSection.ts"

/** Where else a report looks. */
export interface ChapterReportOptions {
  /** The folder with the bench's results. Default `"bench/results"`. */
  readonly benchResults?: string
}

/** The report of what a folder of runs holds, as one page of HTML. */
export async function chapterReport(out: string, options: ChapterReportOptions = {}): Promise<string> {
  const results = await collect(out)
  const transfer = transferSection(results)
  const uncertainty = await uncertaintySection(results)
  return htmlReport({
    title: "Training deep neural networks",
    lead: leadOf(results),
    sections: [
      comparisonSection(results),
      ...(transfer ? [transfer] : []),
      ...(uncertainty ? [uncertainty] : []),
      ...(await runSections(results)),
      await wallClockSection(options.benchResults ?? join("bench", "results")),
    ],
    footer: footerOf(results),
  })
}

/** Writes the report of a folder of runs into it; gives its path. */
export async function writeChapterReport(out: string, options: ChapterReportOptions = {}): Promise<string> {
  const file = join(out, "report.html")
  await writeFileAtomic(file, new TextEncoder().encode(await chapterReport(out, options)))
  return file
}

function leadOf({ runs }: ChapterResults): string[] {
  const keys = new Set(runs.map(({ record }) => record.key)).size
  const seeds = [...new Set(runs.map(({ record }) => record.seed))].sort((a, b) => a - b)
  const images = [...new Set(runs.map(({ record }) => record.images).filter(Boolean))]
  return [
    "The experiments of chapter 11 of Géron's Hands-On Machine Learning, run with Selvedge, beside the book's figures and those of Keras 3.",
    `${keys} of ${Object.keys(experiments).length} experiments in ${runs.length} runs, ${seeds.length === 1 ? "seed" : "seeds"} ${seeds.join(", ")}.`,
    ...images.map(image => `Images: ${image}.`),
  ]
}

/** Versions, of runs on several machines all of them. */
function footerOf({ runs }: ChapterResults): string {
  const all = runs.map(({ record: { versions } }) =>
    Object.entries(versions)
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
  )
  return [...new Set(all)].join("; ")
}
