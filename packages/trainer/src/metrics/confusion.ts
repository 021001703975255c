import { checkNumber, OptionError, type Tensor } from "@selvedge/core"
import { type Config, complete, type Options } from "../config.ts"
import { spreadWeights } from "../losses/reduce.ts"
import { matched, rowsOf } from "../losses/rowwise.ts"
import { argMax } from "./accuracy.ts"
import { Metric, type MetricOptions, type MetricResult } from "./metric.ts"

interface CountOptions extends MetricOptions {
  /** One threshold or several; a prediction above it says yes. */
  thresholds: number | readonly number[] | null
  /** Only the k largest predictions of a row say yes. */
  topK: number | null
  /** Only this class counts. */
  classId: number | null
}

const TRUE_POSITIVES = 0
const FALSE_POSITIVES = 1
const FALSE_NEGATIVES = 2
const TRUE_NEGATIVES = 3

/** Metrics made of the four counts of a yes-or-no decision, one set of them per threshold. */
abstract class CountMetric extends Metric {
  protected readonly options: CountOptions
  readonly #thresholds: readonly number[]

  constructor(options: Options<CountOptions> = {}) {
    super()
    this.options = complete<CountOptions>(
      this.className,
      { name: null, thresholds: null, topK: null, classId: null },
      options,
    )
    const { thresholds, topK, classId } = this.options
    // With topK, Keras takes every prediction it has not filtered out.
    const given = thresholds ?? (topK === null ? 0.5 : -Infinity)
    // Predictions are float32: a threshold is, too, so that equal is equal.
    this.#thresholds = (typeof given === "number" ? [given] : given).map(Math.fround)
    for (const t of this.#thresholds)
      if (t !== -Infinity) checkNumber(this.className, "thresholds", t, { min: 0, max: 1 })
    if (topK !== null) checkNumber(this.className, "topK", topK, { min: 1, integer: true })
    if (classId !== null) checkNumber(this.className, "classId", classId, { min: 0, integer: true })
    this.state = new Float64Array(4 * this.#thresholds.length)
  }

  /** Without what was not asked for: Keras's plain counts know neither `top_k` nor `class_id`. */
  override getConfig(): Config {
    return Object.fromEntries(Object.entries(super.getConfig()).filter(([, value]) => value !== null))
  }

  /** The value from the counts at one threshold. */
  protected abstract value(counts: Counts): number

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [t, p] = matched(this.className, yTrue, yPred)
    const [, n] = rowsOf(p.shape)
    const [target, w] = [t.read(), sampleWeight ? spreadWeights(sampleWeight, p.shape) : null]
    const scores = this.options.topK === null ? p.read() : largestOnly(p, this.options.topK)
    for (let i = 0; i < scores.length; i++) {
      if (this.options.classId !== null && i % n !== this.options.classId) continue
      this.#thresholds.forEach((threshold, k) => {
        this.state[4 * k + outcome(scores[i]! > threshold, target[i]! !== 0)]! += w?.[i] ?? 1
      })
    }
  }

  override result(): MetricResult {
    const values = this.#thresholds.map((_, k) => this.value(countsAt(this.state, k)))
    return Array.isArray(this.options.thresholds) && values.length > 1 ? values : values[0]!
  }
}

const outcome = (yes: boolean, truth: boolean) =>
  yes ? (truth ? TRUE_POSITIVES : FALSE_POSITIVES) : truth ? FALSE_NEGATIVES : TRUE_NEGATIVES

interface Counts {
  readonly truePositives: number
  readonly falsePositives: number
  readonly falseNegatives: number
  readonly trueNegatives: number
}

const countsAt = (state: Float64Array, k: number): Counts => ({
  truePositives: state[4 * k + TRUE_POSITIVES]!,
  falsePositives: state[4 * k + FALSE_POSITIVES]!,
  falseNegatives: state[4 * k + FALSE_NEGATIVES]!,
  trueNegatives: state[4 * k + TRUE_NEGATIVES]!,
})

/** a / b, and 0 where b is 0. */
const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b)

function largestOnly(p: Tensor, k: number): Float64Array {
  const [rows, n] = rowsOf(p.shape)
  const scores = Float64Array.from(p.read())
  for (let r = 0; r < rows; r++) {
    const row = scores.subarray(r * n, (r + 1) * n)
    const order = Array.from(row.keys()).sort((a, b) => row[b]! - row[a]! || a - b)
    for (const j of order.slice(k)) row[j] = -Infinity
  }
  return scores
}

/** The share of yes-predictions that are right. */
export class Precision extends CountMetric {
  static override readonly className = "Precision"
  override readonly direction = "max"

  protected override value(c: Counts): number {
    return ratio(c.truePositives, c.truePositives + c.falsePositives)
  }
}

/** The share of true cases that are found. */
export class Recall extends CountMetric {
  static override readonly className = "Recall"
  override readonly direction = "max"

  protected override value(c: Counts): number {
    return ratio(c.truePositives, c.truePositives + c.falseNegatives)
  }
}

/** How many yes-predictions are right. */
export class TruePositives extends CountMetric {
  static override readonly className = "TruePositives"
  override readonly direction = "max"

  protected override value(c: Counts): number {
    return c.truePositives
  }
}

/** How many yes-predictions are wrong. */
export class FalsePositives extends CountMetric {
  static override readonly className = "FalsePositives"
  override readonly direction = "min"

  protected override value(c: Counts): number {
    return c.falsePositives
  }
}

/** How many true cases are missed. */
export class FalseNegatives extends CountMetric {
  static override readonly className = "FalseNegatives"
  override readonly direction = "min"

  protected override value(c: Counts): number {
    return c.falseNegatives
  }
}

/** How many no-predictions are right. */
export class TrueNegatives extends CountMetric {
  static override readonly className = "TrueNegatives"
  override readonly direction = "max"

  protected override value(c: Counts): number {
    return c.trueNegatives
  }
}

const averages = ["micro", "macro", "weighted"] as const

interface F1Options extends MetricOptions {
  average: (typeof averages)[number] | null
  threshold: number | null
}

/**
 * The harmonic mean of precision and recall, of each class or averaged over them. Without `threshold` a row says yes to
 * its largest prediction. Keras adds 1e-7 to denominators.                                        [n, k] [n, k]
 */
export class F1Score extends Metric {
  static override readonly className = "F1Score"
  override readonly direction = "max"
  protected readonly options: F1Options

  constructor(options: Options<F1Options> = {}) {
    super()
    this.options = complete<F1Options>("F1Score", { name: null, average: null, threshold: null }, options)
    const { average, threshold } = this.options
    if (average !== null && !averages.includes(average)) {
      throw new OptionError(`F1Score: average must be one of ${averages.join(", ")} or null, got "${average}"`)
    }
    if (threshold !== null) checkNumber("F1Score", "threshold", threshold, { above: 0, max: 1 })
  }

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [t, p] = matched("F1Score", yTrue, yPred)
    const [rows, n] = rowsOf(p.shape)
    if (this.state.length === 0) this.state = new Float64Array(4 * n)
    const [target, scores, w] = [t.read(), p.read(), sampleWeight ? spreadWeights(sampleWeight, [rows]) : null]
    for (let r = 0; r < rows; r++) {
      const row = scores.subarray(r * n, (r + 1) * n)
      const largest = row[argMax(row, 0, n)]!
      row.forEach((score, j) => {
        const { threshold } = this.options
        const yes = threshold === null ? score >= largest && Math.abs(score) > 1e-9 : score > Math.fround(threshold)
        this.state[4 * j + outcome(yes, target[r * n + j] !== 0)]! += w?.[r] ?? 1
      })
    }
  }

  override result(): MetricResult {
    const classes = Array.from({ length: this.state.length / 4 }, (_, j) => countsAt(this.state, j))
    if (this.options.average === "micro") return f1(classes.reduce(addCounts, countsAt(new Float64Array(4), 0)))
    const scores = classes.map(f1)
    if (this.options.average === null) return scores
    const support = classes.map(c => c.truePositives + c.falseNegatives)
    const total = support.reduce((sum, s) => sum + s, 0) + 1e-7
    const weighted = this.options.average === "weighted"
    return scores.reduce((sum, score, j) => sum + score * (weighted ? support[j]! / total : 1 / scores.length), 0)
  }
}

const addCounts = (a: Counts, b: Counts): Counts => ({
  truePositives: a.truePositives + b.truePositives,
  falsePositives: a.falsePositives + b.falsePositives,
  falseNegatives: a.falseNegatives + b.falseNegatives,
  trueNegatives: a.trueNegatives + b.trueNegatives,
})

function f1(c: Counts): number {
  const precision = c.truePositives / (c.truePositives + c.falsePositives + 1e-7)
  const recall = c.truePositives / (c.truePositives + c.falseNegatives + 1e-7)
  return (2 * precision * recall) / (precision + recall + 1e-7)
}
