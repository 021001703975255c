import { type Buffer, checkNumber, ShapeError, type Tensor } from "@selvedge/core"
import { complete, type Options } from "../config.ts"
import { matched, rowsOf } from "../losses/rowwise.ts"
import { MeanMetric, type MetricOptions } from "./metric.ts"

abstract class PlainAccuracy extends MeanMetric {
  override readonly direction = "max"
  protected readonly options: MetricOptions

  constructor(options: Options<MetricOptions> = {}) {
    super()
    this.options = complete(this.className, { name: null }, options)
  }
}

/** How often predictions equal targets exactly. */
export class Accuracy extends PlainAccuracy {
  static override readonly className = "Accuracy"

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [t, p] = matched("Accuracy", yTrue, yPred)
    const target = t.read()
    const hits = Array.from(p.read(), (value, i) => (value === target[i] ? 1 : 0))
    this.add(hits, p.shape, sampleWeight)
  }
}

interface ThresholdOptions extends MetricOptions {
  threshold: number
}

/** How often `yPred > threshold` equals the target 0 or 1. */
export class BinaryAccuracy extends MeanMetric {
  static override readonly className = "BinaryAccuracy"
  override readonly direction = "max"
  protected readonly options: ThresholdOptions

  constructor(options: Options<ThresholdOptions> = {}) {
    super()
    this.options = complete<ThresholdOptions>("BinaryAccuracy", { name: null, threshold: 0.5 }, options)
    checkNumber("BinaryAccuracy", "threshold", this.options.threshold)
  }

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [t, p] = matched("BinaryAccuracy", yTrue, yPred)
    const target = t.read()
    // Predictions are float32: the threshold is, too, so that equal is equal.
    const threshold = Math.fround(this.options.threshold)
    const hits = Array.from(p.read(), (value, i) => (Number(value > threshold) === target[i] ? 1 : 0))
    this.add(hits, p.shape, sampleWeight)
  }
}

/** How often the largest prediction of a row stands where the target's largest stands. */
export class CategoricalAccuracy extends PlainAccuracy {
  static override readonly className = "CategoricalAccuracy"

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [rows, n, shape] = rowsOf(yPred.shape)
    const [t, p] = [oneHotTargets("CategoricalAccuracy", yTrue, yPred), yPred.read()]
    const hits = new Float64Array(rows)
    for (let r = 0; r < rows; r++) hits[r] = argMax(t, r * n, n) === argMax(p, r * n, n) ? 1 : 0
    this.add(hits, shape, sampleWeight)
  }
}

/** How often the largest prediction of a row stands at the target's class number. */
export class SparseCategoricalAccuracy extends PlainAccuracy {
  static override readonly className = "SparseCategoricalAccuracy"

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [rows, n, shape] = rowsOf(yPred.shape)
    const [t, p] = [classNumbers("SparseCategoricalAccuracy", yTrue, yPred), yPred.read()]
    const hits = new Float64Array(rows)
    for (let r = 0; r < rows; r++) hits[r] = argMax(p, r * n, n) === t[r] ? 1 : 0
    this.add(hits, shape, sampleWeight)
  }
}

interface TopKOptions extends MetricOptions {
  k: number
}

abstract class TopK extends MeanMetric {
  override readonly direction = "max"
  protected readonly options: TopKOptions

  constructor(options: Options<TopKOptions> = {}) {
    super()
    this.options = complete<TopKOptions>(this.className, { name: null, k: 5 }, options)
    checkNumber(this.className, "k", this.options.k, { min: 1, integer: true })
  }

  /** Counts rows in which fewer than k predictions exceed that of the target's class. */
  protected addHits(classes: ArrayLike<number>, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [rows, n, shape] = rowsOf(yPred.shape)
    const p = yPred.read()
    const hits = new Float64Array(rows)
    for (let r = 0; r < rows; r++) {
      const own = p[r * n + classes[r]!]!
      let above = 0
      for (let j = r * n; j < (r + 1) * n; j++) if (p[j]! > own) above++
      hits[r] = Number.isFinite(own) && above < this.options.k ? 1 : 0
    }
    this.add(hits, shape, sampleWeight)
  }
}

/** How often the target's largest is among the k largest predictions of its row. */
export class TopKCategoricalAccuracy extends TopK {
  static override readonly className = "TopKCategoricalAccuracy"

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const t = oneHotTargets("TopKCategoricalAccuracy", yTrue, yPred)
    const [rows, n] = rowsOf(yPred.shape)
    const classes = Array.from({ length: rows }, (_, r) => argMax(t, r * n, n))
    this.addHits(classes, yPred, sampleWeight)
  }
}

/** How often the target's class number is among the k largest predictions of its row. */
export class SparseTopKCategoricalAccuracy extends TopK {
  static override readonly className = "SparseTopKCategoricalAccuracy"

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    this.addHits(classNumbers("SparseTopKCategoricalAccuracy", yTrue, yPred), yPred, sampleWeight)
  }
}

/** Which of `n` numbers is the largest; the first of equals. */
export function argMax(x: ArrayLike<number>, start: number, n: number): number {
  let best = 0
  for (let j = 1; j < n; j++) if (x[start + j]! > x[start + best]!) best = j
  return best
}

function oneHotTargets(owner: string, yTrue: Tensor, yPred: Tensor): Buffer {
  if (yTrue.size === yPred.size && yPred.rank > 0) return yTrue.read()
  throw new ShapeError(`${owner}: needs one target per prediction`, {
    facts: { yTrue: yTrue.shape, yPred: yPred.shape },
    hint: "class numbers go to a sparse metric",
  })
}

function classNumbers(owner: string, yTrue: Tensor, yPred: Tensor): Buffer {
  if (yPred.rank > 0 && yTrue.size === rowsOf(yPred.shape)[0]) return yTrue.read()
  throw new ShapeError(`${owner}: needs one class number for each row of predictions`, {
    facts: { yTrue: yTrue.shape, yPred: yPred.shape },
  })
}
