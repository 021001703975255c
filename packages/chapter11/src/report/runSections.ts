import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { plotLines, type ReportBlock, type ReportSection, type ReportTable } from "@selvedge/report"
import { bookBest } from "../comparison/book.ts"
import { experiments } from "../experiments/index.ts"
import type { ChapterResults, CollectedRun } from "../results.ts"
import type { Curve, RunRecord } from "../running/record.ts"
import { type Group, groups } from "./groups.ts"
import { chartOf } from "./pictures.ts"

type Part = NonNullable<ReportSection["sections"]>[number]

/** A section for each part of the chapter that was run: its curves beside each other, then each experiment by itself. */
export async function runSections({ runs }: ChapterResults): Promise<ReportSection[]> {
  const sections: ReportSection[] = []
  for (const group of groups) {
    const found = group.keys.map(key => runs.filter(({ record }) => record.key === key)).filter(all => all.length > 0)
    if (found.length > 0) sections.push(await groupSection(group, found))
  }
  return sections
}

async function groupSection({ heading, about }: Group, found: readonly CollectedRun[][]): Promise<ReportSection> {
  const first = found.flatMap(([run]) => (run ? [run.record] : []))
  const parts: Part[] = []
  // The one part of a short section stands open.
  for (const all of found) parts.push({ ...(await experimentPart(all)), collapsed: found.length > 1 })
  return { heading, blocks: [about, ...together(first), ...(await rates(found))], sections: parts }
}

/** The validation accuracy of all experiments of a part in one plot, with the first seed of each. */
function together(records: readonly RunRecord[]): ReportBlock[] {
  const lines = records.flatMap(({ key, history: { val_accuracy = [] } }) => lineOf(key, val_accuracy, i => i + 1))
  if (lines.length < 2) return []
  const options = { xLabel: "Epoch", yLabel: "Validation accuracy", height: 380 }
  return [{ chart: width => plotLines(lines, { ...options, width }), caption: "Validation accuracy, epoch by epoch." }]
}

function lineOf(name: string, curve: Curve, at: (i: number) => number) {
  const points = curve.flatMap((y, i) => (y === null ? [] : [[at(i), y] as const]))
  return points.length > 1 ? [{ name, x: points.map(([x]) => x), y: points.map(([, y]) => y) }] : []
}

/** Learning rates that change, in one plot: over epochs, since batches are of different sizes. */
async function rates(found: readonly CollectedRun[][]): Promise<ReportBlock[]> {
  const all = found
    .flatMap(([run]) => (run ? [run] : []))
    .map(async run => {
      const { steps = [], values = [] } = run.record.parts[""]?.rates ?? {}
      const { steps_per_epoch: perEpoch = 1 } = (await trainings(run))[""] ?? {}
      return lineOf(run.record.key, values, i => (steps[i] ?? 0) / perEpoch)
    })
  const lines = (await Promise.all(all)).flat()
  if (lines.length < 2) return []
  const options = { xLabel: "Epochs", yLabel: "Learning rate", height: 380 }
  return [{ chart: width => plotLines(lines, { ...options, width }), caption: "Learning rates." }]
}

/** An experiment: what it was, where each seed ended, and the first one's pictures. */
async function experimentPart(all: readonly CollectedRun[]): Promise<Part> {
  const [first] = all
  if (!first) throw new RangeError("an experiment without a run")
  const { key, title, seed, lines, figures } = first.record
  const charts = await Promise.all(shownOf(first.record).map(name => chartOf(first, name)))
  const facts = await factsOf(first)
  const printed = lines.filter(line => !line.startsWith("Saving figure"))
  return {
    heading: key,
    blocks: [
      `${title}.`,
      ...(Object.keys(facts).length > 0 ? [{ facts }] : []),
      ...seedTable(all),
      ...(printed.length > 0 ? [{ code: printed.join("\n") }] : []),
      ...(all.length > 1 && figures.length > 0 ? [`The pictures are of seed ${seed}.`] : []),
      ...charts.filter(chart => chart !== null),
    ],
  }
}

/** Of an experiment with several trainings what is of all, their curves, and the other pictures of the winner or the last. */
function shownOf({ figures, parts, facts }: RunRecord): string[] {
  const names = Object.keys(parts)
  const chosen = typeof facts.winner === "string" ? facts.winner : names.at(-1)
  const partOf = (figure: string) => names.find(name => name !== "" && figure.startsWith(`${name}_`))
  const own = figures.filter(figure => partOf(figure) === undefined)
  const others = figures.filter(figure => partOf(figure) !== undefined)
  return [...own, ...others.filter(figure => partOf(figure) === chosen || figure.endsWith("_curves"))]
}

/** What a run's `configuration.json` says of a training. */
interface TrainingFacts {
  readonly epochs?: number
  readonly batch_size?: number
  readonly steps_per_epoch?: number
  readonly loss?: string
  readonly parameters?: number
  readonly pixels?: string
  readonly optimizer?: { readonly class_name: string }
}

async function trainings({ folder }: CollectedRun): Promise<Readonly<Record<string, TrainingFacts>>> {
  const text = await readFile(join(folder, "configuration.json"), "utf8").catch(() => "{}")
  return JSON.parse(text).trainings ?? {}
}

async function factsOf(run: CollectedRun): Promise<Record<string, string | number>> {
  const all = Object.values(await trainings(run))
  const { images, settings, key } = run.record
  const best = bookBest[key]
  const of = (label: string, values: readonly (string | number | undefined)[]) => {
    const known = [...new Set(values.filter(value => value !== undefined))]
    return known.length > 0 ? { [label]: known.length === 1 ? (known[0] ?? "") : known.join(", ") } : {}
  }
  return {
    ...(images ? { Images: images } : {}),
    ...of(
      "Pixels",
      all.map(training => training.pixels),
    ),
    ...of(
      "Optimizer",
      all.map(training => training.optimizer?.class_name),
    ),
    ...of(
      "Loss",
      all.map(training => training.loss),
    ),
    ...of(
      "Batch size",
      all.map(training => training.batch_size),
    ),
    ...of(
      "Parameters",
      all.map(training => training.parameters),
    ),
    ...(best ? { "The book's best epoch": `loss ${best[0].toFixed(4)}, accuracy ${best[1].toFixed(4)}` } : {}),
    ...((experiments[key]?.epochs ?? 0) > 0
      ? { Epochs: epochsText(run.record, settings.epochs !== null || settings.quick) }
      : {}),
  }
}

function epochsText({ history, key, parts }: RunRecord, shortened: boolean): string {
  const several = Object.keys(parts).length
  const ran = Math.max(history.loss?.length ?? 0, ...Object.values(parts).map(part => part.history.loss?.length ?? 0))
  const text = several > 1 && key === "optimizers" ? `${ran} for each of ${several}` : String(ran)
  return shortened ? `${text} (shortened)` : text
}

function seedTable(all: readonly CollectedRun[]): ReportBlock[] {
  const trained = all.filter(({ record }) => (record.history.loss?.length ?? 0) > 0)
  if (trained.length === 0) return []
  const metrics = ["loss", "accuracy", "val_loss", "val_accuracy"]
  // Few steps leave many networks above what guessing costs.
  const broken = ({ record: { diverged, settings } }: CollectedRun) => diverged && !settings.quick
  const marked = trained.some(broken)
  const rows = trained.map(run => [
    String(run.record.seed),
    ...metrics.map(metric => numberText(run.record.history[metric]?.at(-1))),
    numberText(run.record.test?.[1]),
    run.record.seconds.toFixed(1),
    ...(marked ? [broken(run) ? { text: "diverged", tone: "bad" as const } : "no"] : []),
  ])
  const table: ReportTable = {
    caption: "The last epoch, by seed",
    columns: ["seed", ...metrics, "test accuracy", "seconds", ...(marked ? ["diverged"] : [])],
    rows,
  }
  return [{ table }]
}

const numberText = (x: number | null | undefined) => (typeof x === "number" ? x.toFixed(4) : null)
