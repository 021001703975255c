import { checkKeys, ShapeError } from "@selvedge/core"
import { plotCalibration } from "../charts/plotCalibration.ts"
import { plotConfusion } from "../charts/plotConfusion.ts"
import { plotImages } from "../charts/plotImages.ts"
import { formatValue } from "../charts/scale.ts"
import type { ReportBlock, ReportSection } from "./htmlReport.ts"

/** What a classifier said about some examples. */
export interface ReportPredictions {
  /** Row by row a probability for each class, `[examples, classes]`. */
  readonly probabilities: ArrayLike<number>
  /** Their standard deviations over the passes of Monte Carlo dropout. */
  readonly std?: ArrayLike<number>
  /** The true classes. */
  readonly labels: ArrayLike<number>
  readonly classNames: readonly string[]
  /** The examples, if they are images; as `plotImages` takes them. */
  readonly images?: { readonly pixels: ArrayLike<number>; readonly shape: readonly number[] }
  /** The section's heading. Default `"Predictions"`. */
  readonly heading?: string
}

interface Prediction {
  readonly i: number
  readonly label: number
  readonly probability: number
  readonly std: number | null
  readonly right: boolean
}

const mostImages = 24

/**
 * A section of a report about a classifier's predictions: share of right ones, confusion matrix, calibration, and the
 * images of its surest mistakes; with standard deviations also those that it is least sure of.
 *
 * @throws ShapeError when probabilities, deviations and labels do not belong together; OptionError for an unknown key
 */
export function predictionSection(predictions: ReportPredictions): ReportSection {
  checkKeys("predictionSection", predictions, ["probabilities", "std", "labels", "classNames", "images", "heading"])
  const { labels, classNames, std, heading = "Predictions" } = predictions
  const all = predictionsOf(predictions)
  const right = all.filter(prediction => prediction.right).length
  const counts = classNames.map(() => classNames.map(() => 0))
  for (const { i, label } of all) counts[labels[i]!]![label]!++
  const calibration = { confidence: all.map(p => Math.min(1, p.probability)), correct: all.map(p => p.right) }
  const mistakes = all.filter(p => !p.right).sort((a, b) => b.probability - a.probability || a.i - b.i)
  const unsure = std ? [...all].sort((a, b) => b.std! - a.std! || a.i - b.i) : []
  return {
    heading,
    blocks: [
      { facts: { Examples: all.length, Right: `${right} (${formatValue((100 * right) / all.length)} %)` } },
      { chart: plotConfusion(counts, classNames), caption: "How often images of each class were taken for each." },
      {
        chart: width => plotCalibration(calibration, { width }),
        caption: "How often it is right when it is how sure.",
      },
      ...gallery(predictions, mistakes, "Its mistakes, the surest first."),
      ...gallery(predictions, unsure, "What it is least sure of, by the standard deviation over the passes."),
    ],
  }
}

function predictionsOf({ probabilities, std, labels, classNames }: ReportPredictions): Prediction[] {
  const k = classNames.length
  const n = labels.length
  const wrong = Array.from(labels).find(label => !(Number.isInteger(label) && label >= 0 && label < k))
  if (n === 0 || probabilities.length !== n * k || (std && std.length !== n * k) || wrong !== undefined) {
    throw new ShapeError("predictionSection: probabilities, labels and classNames do not belong together", {
      facts: { probabilities: probabilities.length, std: std?.length ?? "(none)", labels: n, classes: k },
      rule: "a label from 0 to classes - 1 for each example, and a probability for each example and class",
    })
  }
  return Array.from({ length: n }, (_, i) => {
    let label = 0
    for (let j = 1; j < k; j++) if (probabilities[i * k + j]! > probabilities[i * k + label]!) label = j
    const at = i * k + label
    return { i, label, probability: probabilities[at]!, std: std?.[at] ?? null, right: label === labels[i] }
  })
}

function gallery(of: ReportPredictions, found: readonly Prediction[], caption: string): ReportBlock[] {
  const { images, labels, classNames } = of
  const shown = found.slice(0, mostImages)
  if (!images || shown.length === 0) return []
  const size = images.pixels.length / labels.length
  const pixels = shown.flatMap(({ i }) => Array.from({ length: size }, (_, j) => images.pixels[i * size + j]!))
  const captions = shown.map(({ i, label, probability, std, right }) => {
    const spread = std === null ? "" : ` ± ${(100 * std).toFixed(0)}`
    const guess = `${classNames[label]} ${(100 * probability).toFixed(0)}${spread} %`
    return right ? guess : `${guess}\ntruly ${classNames[labels[i]!]}`
  })
  const options = { captions, wrong: shown.map(({ right }) => !right), size: 72 }
  const shape = [shown.length, ...images.shape.slice(1)]
  return [{ chart: width => plotImages(pixels, shape, { ...options, width }), caption }]
}
