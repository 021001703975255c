import { checkChoice, checkNumber, type Tensor } from "@selvedge/core"
import { complete, type Options } from "../config.ts"
import { spreadWeights } from "../losses/reduce.ts"
import { matched } from "../losses/rowwise.ts"
import { log, sigmoid } from "../math.ts"
import { Metric, type MetricOptions } from "./metric.ts"

interface AUCOptions extends MetricOptions {
  numThresholds: number
  curve: "ROC" | "PR"
  summationMethod: "interpolation" | "minoring" | "majoring"
  thresholds: readonly number[] | null
  fromLogits: boolean
}

const defaults: AUCOptions = {
  name: null,
  numThresholds: 200,
  curve: "ROC",
  summationMethod: "interpolation",
  thresholds: null,
  fromLogits: false,
}

const divide = (a: number, b: number) => (b === 0 ? 0 : a / b)

/**
 * The area under the ROC curve (or under precision over recall), as a sum over thresholds: evenly spaced ones, or those
 * given, and one below 0 and one above 1.
 * https://keras.io/api/metrics/classification_metrics/#auc-class;
 * precision is interpolated after Davis & Goadrich 2006, https://www.biostat.wisc.edu/~page/rocpr.pdf
 * @throws OptionError for an unknown or wrong option.
 */
export class AUC extends Metric {
  static override readonly className = "AUC"
  override readonly direction = "max"
  protected readonly options: AUCOptions
  readonly #thresholds: readonly number[]

  constructor(options: Options<AUCOptions> = {}) {
    super()
    this.options = complete("AUC", defaults, options)
    const { numThresholds, thresholds } = this.options
    checkNumber("AUC", "numThresholds", numThresholds, { min: 2, integer: true })
    checkChoice("AUC", "curve", this.options.curve, ["ROC", "PR"])
    checkChoice("AUC", "summationMethod", this.options.summationMethod, ["interpolation", "minoring", "majoring"])
    const inner = thresholds
      ? [...thresholds].sort((a, b) => a - b)
      : Array.from({ length: numThresholds - 2 }, (_, i) => (i + 1) / (numThresholds - 1))
    // Predictions are float32: a threshold is, too, so that equal is equal.
    this.#thresholds = [-1e-7, ...inner, 1 + 1e-7].map(Math.fround)
    this.state = new Float64Array(2 * this.#thresholds.length + 2)
  }

  // state: true positives per threshold, then false positives per threshold, then all positives, all negatives.
  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [t, p] = matched("AUC", yTrue, yPred)
    const [target, w] = [t.read(), sampleWeight ? spreadWeights(sampleWeight, p.shape) : null]
    const count = this.#thresholds.length
    p.read().forEach((raw, i) => {
      const score = this.options.fromLogits ? sigmoid(raw) : raw
      const truth = target[i] !== 0
      const weight = w?.[i] ?? 1
      const first = truth ? 0 : count
      for (let k = 0; k < count && score > this.#thresholds[k]!; k++) this.state[first + k]! += weight
      this.state[2 * count + (truth ? 0 : 1)]! += weight
    })
  }

  override result(): number {
    const count = this.#thresholds.length
    const [positives, negatives] = [this.state[2 * count]!, this.state[2 * count + 1]!]
    const tp = this.state.subarray(0, count)
    const fp = this.state.subarray(count, 2 * count)
    if (this.options.curve === "PR" && this.options.summationMethod === "interpolation") {
      return interpolatedPrecision(tp, fp, positives)
    }
    const recall = tp.map(x => divide(x, positives))
    if (this.options.curve === "ROC")
      return this.#area(
        fp.map(x => divide(x, negatives)),
        recall,
      )
    return this.#area(
      recall,
      tp.map((x, i) => divide(x, x + fp[i]!)),
    )
  }

  #area(x: Float64Array, y: Float64Array): number {
    const method = this.options.summationMethod
    let area = 0
    for (let i = 0; i + 1 < x.length; i++) {
      const [a, b] = [y[i]!, y[i + 1]!]
      const height = method === "interpolation" ? (a + b) / 2 : method === "minoring" ? Math.min(a, b) : Math.max(a, b)
      area += (x[i]! - x[i + 1]!) * height
    }
    return area
  }
}

function interpolatedPrecision(tp: Float64Array, fp: Float64Array, positives: number): number {
  let area = 0
  for (let i = 0; i + 1 < tp.length; i++) {
    const [p, next] = [tp[i]! + fp[i]!, tp[i + 1]! + fp[i + 1]!]
    const rise = tp[i]! - tp[i + 1]!
    const slope = divide(rise, Math.max(p - next, 0))
    const intercept = tp[i + 1]! - slope * next
    const safeRatio = p > 0 && next > 0 ? p / next : 1
    area += divide(slope * (rise + intercept * log(safeRatio)), positives)
  }
  return area
}
