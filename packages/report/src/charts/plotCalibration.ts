import { line, rectY } from "@observablehq/plot"
import { checkNumber, describe, OptionError, ShapeError } from "@selvedge/core"
import { drawPanel } from "./panel.ts"
import { formatValue } from "./scale.ts"
import { endLabels, labelMargin, type Series, seriesMarks } from "./series.ts"
import { type ChartOptions, checkChart, type Drawing, frame, grid, innerWidth } from "./svg.ts"
import { neutral, seriesStyle } from "./theme.ts"

/** Predictions of one model: how sure it was of each, and whether it was right. */
export interface Predictions {
  /** Probability of the predicted class, 0 to 1. */
  readonly confidence: ArrayLike<number>
  /** Whether the prediction was right: booleans, or 1 and 0. */
  readonly correct: ArrayLike<boolean | number>
}

/** Options of {@link plotCalibration}. */
export interface CalibrationOptions extends ChartOptions {
  /** Number of equally wide bins of confidence. By default 10. */
  readonly bins?: number
}

const owner = "plotCalibration"
const gap = 36

/**
 * A calibration plot (reliability diagram): per bin of confidence the share of right predictions against the mean
 * confidence; on the dashed diagonal a model is right as often as it says. Beside it, how many predictions fall into each
 * bin. The label gives the expected calibration error, `ECE = sum over bins of n_bin / n * |accuracy - confidence|`.
 *
 * @param predictions one model's, or an object of several by name
 * @returns SVG text
 * @throws OptionError for an unknown option or a confidence outside of [0, 1]
 * @throws ShapeError when confidence and correct differ in length
 *
 * Source: Guo et al., On Calibration of Modern Neural Networks (2017).
 */
export function plotCalibration(
  predictions: Predictions | Readonly<Record<string, Predictions>>,
  options: CalibrationOptions = {},
): string {
  checkChart(owner, options, ["bins"])
  const bins = checkNumber(owner, "bins", options.bins ?? 10, { integer: true, min: 2, max: 100 })
  const models = toModels(predictions).map(([name, model]) => ({ name, ...calibrate(name, model, bins) }))
  const width = innerWidth(options.width ?? 820)
  const columns = width >= 560 ? 2 : 1
  const panelWidth = columns === 2 ? (width - gap) * 0.56 : width
  const panels = [
    reliability(models, panelWidth),
    confidences(models, columns === 2 ? width - gap - panelWidth : width),
  ]
  const sentences = models.map(
    ({ name, error }) => `${name || "The model"}: expected calibration error ${formatValue(error)}.`,
  )
  return frame(grid(panels, columns, gap), {
    title: options.title,
    name: "Calibration",
    description: options.description ?? sentences.join(" "),
  })
}

interface Bin {
  readonly low: number
  readonly high: number
  readonly count: number
  readonly confidence: number
  readonly accuracy: number
}

interface Calibrated {
  readonly name: string
  readonly bins: readonly Bin[]
  readonly error: number
}

function calibrate(name: string, { confidence, correct }: Predictions, bins: number): { bins: Bin[]; error: number } {
  if (confidence.length !== correct.length || confidence.length === 0) {
    throw new ShapeError(`${owner}: confidence and correct must have the same length, at least 1`, {
      facts: { model: name || "(one)", confidence: confidence.length, correct: correct.length },
    })
  }
  const sums = Array.from({ length: bins }, () => ({ count: 0, confidence: 0, right: 0 }))
  for (let i = 0; i < confidence.length; i++) {
    const p = confidence[i]!
    if (!(p >= -1e-6 && p <= 1 + 1e-6)) {
      throw new OptionError(`${owner}: confidences must lie in [0, 1], got ${p} at index ${i}`)
    }
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.floor(p * bins)))]!
    bin.count++
    bin.confidence += p
    bin.right += correct[i] ? 1 : 0
  }
  const filled = sums.flatMap(({ count, confidence: sum, right }, i) =>
    count ? [{ low: i / bins, high: (i + 1) / bins, count, confidence: sum / count, accuracy: right / count }] : [],
  )
  const errors = filled.map(bin => (bin.count / confidence.length) * Math.abs(bin.accuracy - bin.confidence))
  return { bins: filled, error: errors.reduce((sum, error) => sum + error, 0) }
}

function reliability(models: readonly Calibrated[], width: number): Drawing {
  const series = models.map(({ name, bins, error }, i): Series => {
    const label = `${name ? `${name}, ` : ""}ECE ${formatValue(Number(error.toPrecision(3)))}`
    const points = { x: bins.map(bin => bin.confidence), y: bins.map(bin => bin.accuracy), points: true }
    return { name, label, ...points, ...seriesStyle(i) }
  })
  const corners = [0, 1].map((corner): [number, number] => [corner, corner])
  const diagonal = line(corners, { stroke: neutral.muted.light, strokeDasharray: "6 4", strokeWidth: 1.5 })
  return drawPanel({
    width,
    height: 330,
    x: { domain: [0, 1], label: "Confidence" },
    y: { domain: [0, 1], label: "Share of right predictions" },
    grid: "both",
    marginRight: labelMargin(series),
    marks: [diagonal, ...seriesMarks(series)],
    overlay: geometry => endLabels(series, geometry),
  })
}

function confidences(models: readonly Calibrated[], width: number): Drawing {
  const highest = Math.max(...models.flatMap(({ bins }) => bins.map(bin => bin.count)))
  const bars = models.map(({ bins }, i) => {
    const data = bins.map(({ low, high, count }) => {
      const share = (high - low) / models.length
      return { x1: low + share * i, x2: low + share * (i + 1), count }
    })
    return rectY(data, { x1: "x1", x2: "x2", y: "count", fill: seriesStyle(i).colour, insetLeft: 0.5, insetRight: 0.5 })
  })
  return drawPanel({
    width,
    height: 330,
    x: { domain: [0, 1], label: "Confidence" },
    y: { domain: [0, highest], label: "Predictions", integer: true },
    marks: bars,
  })
}

function toModels(predictions: Predictions | Readonly<Record<string, Predictions>>): [string, Predictions][] {
  const numbers = (value: unknown) => ArrayBuffer.isView(value) || Array.isArray(value)
  const complete = (value: unknown): value is Predictions =>
    typeof value === "object" &&
    value !== null &&
    "confidence" in value &&
    "correct" in value &&
    numbers(value.confidence) &&
    numbers(value.correct)
  if (complete(predictions)) return [["", predictions]]
  const models = predictions && typeof predictions === "object" ? Object.entries(predictions) : []
  if (models.length > 0 && models.every(([, model]) => complete(model))) return models
  throw new OptionError(`${owner}: predictions must be { confidence, correct }, or an object of these by name`, {
    facts: { got: describe(predictions) },
  })
}
