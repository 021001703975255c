import type { Tensor } from "@selvedge/core"
import { type Config, complete, type Options } from "../config.ts"
import { getLoss, type Loss, type LossLike } from "../losses/index.ts"
import { matched } from "../losses/rowwise.ts"
import { MeanMetric, type MetricOptions } from "./metric.ts"

/** A loss as a metric: the mean of the losses of all samples. */
export class LossMetric extends MeanMetric {
  override readonly direction: "min" | "max" = "min"
  protected readonly options: MetricOptions
  readonly #loss: Loss
  readonly #sign: number

  /** `sign` -1 turns CosineSimilarity, a loss of -1 at best, into the metric of Keras, 1 at best. */
  constructor(loss: LossLike, options: Options<MetricOptions> = {}, sign = 1) {
    super()
    this.#loss = getLoss(loss)
    this.#sign = sign
    this.options = complete("LossMetric", { name: this.#loss.name }, options)
    if (sign < 0) this.direction = "max"
  }

  override get className(): string {
    return this.#loss.className
  }

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const values = this.#loss.unreduced(yTrue, yPred)
    const signed = this.#sign === 1 ? values.read() : values.read().map(value => this.#sign * value)
    this.add(signed, values.shape, sampleWeight)
  }

  override getConfig(): Config {
    // Keras's binary cross-entropy takes an axis as a loss, but not as a metric.
    const { reduction: _, axis, ...rest } = this.#loss.getConfig()
    const config = axis === undefined || this.className === "BinaryCrossentropy" ? rest : { ...rest, axis }
    return { ...config, name: this.name }
  }
}

/** The root of the mean squared error over all numbers. */
export class RootMeanSquaredError extends MeanMetric {
  static override readonly className = "RootMeanSquaredError"
  override readonly direction = "min"
  protected readonly options: MetricOptions

  constructor(options: Options<MetricOptions> = {}) {
    super()
    this.options = complete("RootMeanSquaredError", { name: null }, options)
  }

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const [t, p] = matched("RootMeanSquaredError", yTrue, yPred)
    const target = t.read()
    const squares = Float64Array.from(p.read(), (value, i) => (value - target[i]!) * (value - target[i]!))
    this.add(squares, p.shape, sampleWeight)
  }

  override result(): number {
    return Math.sqrt(super.result())
  }
}
