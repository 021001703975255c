import { checkKeys } from "@selvedge/core"
import type { Model } from "@selvedge/layers"
import type { History } from "@selvedge/trainer"
import { plotHistogram } from "../charts/plotHistogram.ts"
import { plotHistory } from "../charts/plotHistory.ts"
import { plotModel } from "../charts/plotModel.ts"
import { plotSchedule, type ScheduleValues } from "../charts/plotSchedule.ts"
import { formatValue } from "../charts/scale.ts"
import { htmlReport, type ReportSection } from "./htmlReport.ts"
import { predictionSection, type ReportPredictions } from "./predictionSection.ts"

/** What {@link trainingReport} can be told besides the history. */
export interface TrainingReportOptions {
  /** Default `"Training report"`. */
  readonly title?: string
  /** Paragraphs under the title. */
  readonly lead?: readonly string[]
  /** What the run was: optimizer, data, seed, seconds, ... */
  readonly facts?: Readonly<Record<string, string | number>>
  readonly model?: Model
  /** The learning rate of each step or epoch. */
  readonly learningRates?: ScheduleValues
  /** What layers gave, by name: of `activationValues(model, x)`. */
  readonly activations?: Readonly<Record<string, ArrayLike<number>>>
  readonly predictions?: ReportPredictions
  /** Further sections, at the end. */
  readonly sections?: readonly ReportSection[]
  /** The last line. */
  readonly footer?: string
}

const keys = "title lead facts model learningRates activations predictions sections footer".split(" ")

/**
 * A report of one training run as a self-contained HTML page: result, learning curves, table of epochs, and what else is
 * given of learning rates, model, activations, predictions. A run of several, or a comparison, is composed with
 * {@link htmlReport}.
 *
 *     await writeFile("report.html", trainingReport(await trainer.fit(x, y), { model }))
 *
 * @param history what `fit` gave, or its `history`
 * @returns HTML text
 * @throws OptionError for an unknown option or a history without epochs
 */
export function trainingReport(
  history: Pick<History, "history"> | Readonly<Record<string, readonly number[]>>,
  options: TrainingReportOptions = {},
): string {
  checkKeys("trainingReport", options, keys)
  const { title = "Training report", lead, facts, model, learningRates, activations, predictions, footer } = options
  const curves = isHistory(history) ? history.history : history
  const sections: ReportSection[] = [
    { heading: "Result", blocks: [{ facts: { ...facts, ...result(curves) } }] },
    {
      heading: "Learning curves",
      blocks: [{ chart: width => plotHistory(curves, { width }) }],
      sections: [epochs(curves)],
    },
  ]
  if (learningRates) {
    sections.push({ heading: "Learning rate", blocks: [{ chart: width => plotSchedule(learningRates, { width }) }] })
  }
  if (model) sections.push({ heading: "Model", blocks: [{ chart: plotModel(model) }, { code: String(model) }] })
  if (activations) {
    const chart = (width: number) => plotHistogram(activations, { width, shareX: false, xLabel: "Output" })
    sections.push({ heading: "Activations", blocks: [{ chart, caption: "What the layers give for a batch." }] })
  }
  if (predictions) sections.push(predictionSection(predictions))
  sections.push(...(options.sections ?? []))
  return htmlReport({ title, sections, ...(lead ? { lead } : {}), ...(footer ? { footer } : {}) })
}

type Curves = Readonly<Record<string, readonly number[]>>

const isHistory = (history: object): history is Pick<History, "history"> =>
  "history" in history && typeof history.history === "object" && !Array.isArray(history.history)

/** The epoch with the lowest loss in validation, or in training where there is none. */
function bestOf(curves: Curves): { name: string; epoch: number } {
  const name = curves.val_loss ? "val_loss" : "loss"
  const values = curves[name] ?? []
  const best = Math.min(...values.filter(Number.isFinite))
  return { name, epoch: Number.isFinite(best) ? values.indexOf(best) : -1 }
}

function result(curves: Curves): Record<string, string | number> {
  const { name, epoch } = bestOf(curves)
  const last = Object.entries(curves).map(([key, values]) => [`Last ${key}`, values.at(-1) ?? "–"] as const)
  const best = epoch < 0 ? {} : { "Best epoch": `${epoch + 1}, ${name} ${formatValue(curves[name]![epoch]!)}` }
  return {
    Epochs: Math.max(0, ...Object.values(curves).map(values => values.length)),
    ...best,
    ...Object.fromEntries(last),
  }
}

function epochs(curves: Curves): Omit<ReportSection, "sections"> {
  const names = Object.keys(curves)
  const best = bestOf(curves)
  const count = Math.max(0, ...names.map(name => curves[name]!.length))
  const rows = Array.from({ length: count }, (_, i) => [
    i + 1,
    ...names.map(name => {
      const text = curves[name]![i] ?? "–"
      return name === best.name && i === best.epoch ? { text, tone: "good" as const } : text
    }),
  ])
  const table = { caption: `By epoch; the lowest ${best.name} stands out.`, columns: ["Epoch", ...names], rows }
  return { heading: "Epochs", blocks: [{ table }], collapsed: count > 20 }
}
