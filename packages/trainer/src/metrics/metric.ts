import { noGrad, type Tensor } from "@selvedge/core"
import { type Config, complete, type Options, toConfig } from "../config.ts"
import { asTensor, type Values } from "../losses/loss.ts"
import { spreadWeights } from "../losses/reduce.ts"

/** What every metric can be told. */
export interface MetricOptions {
  name: string | null
}

/** What a metric gives: one number, or one per class or threshold. */
export type MetricResult = number | readonly number[]

/**
 * Base of all metrics: a number over all batches since the last `resetState`. All of its memory is `state`, in double.
 */
export abstract class Metric {
  static readonly className: string = "Metric"
  protected abstract readonly options: MetricOptions
  /** Counters and sums; what a checkpoint keeps. */
  state = new Float64Array(0)
  /** Whether more or less is better; null when neither. */
  readonly direction: "max" | "min" | null = null
  #name: string | null = null

  /** Its Keras name. */
  get className(): string {
    return (this.constructor as typeof Metric).className
  }

  /** The name under which it is reported. `compile` sets it to the string that was asked for, as Keras does. */
  get name(): string {
    return this.#name ?? this.options.name ?? this.className.replace(/(?<=[a-z0-9])[A-Z]/g, x => `_${x}`).toLowerCase()
  }
  set name(name: string) {
    this.#name = name
  }

  /**
   * Takes a batch into account.                                                            [n, ...] [n, ...] ([n])
   * @throws ShapeError when shapes do not fit each other.
   */
  updateState(yTrue: Values, yPred: Values, sampleWeight: Values | null = null): void {
    noGrad(() => this.update(asTensor(yTrue), asTensor(yPred), sampleWeight === null ? null : asTensor(sampleWeight)))
  }

  /** Adds a batch to `state`. */
  protected abstract update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void

  /** The value over all batches so far. */
  abstract result(): MetricResult

  /** Forgets all batches. */
  resetState(): void {
    this.state.fill(0)
  }

  /** Its options under Keras's names. */
  getConfig(): Config {
    return toConfig({ ...this.options, name: this.name })
  }
}

/** A metric that is a weighted mean of values, one or more per sample. */
export abstract class MeanMetric extends Metric {
  override state = new Float64Array(2)

  /** total / count; 0 before the first batch. */
  override result(): number {
    const [total, count] = this.state
    return count === 0 ? 0 : total! / count!
  }

  /** Values of a sample are averaged first, so that every sample counts alike. */
  protected add(values: ArrayLike<number>, shape: readonly number[], sampleWeight: Tensor | null): void {
    const samples = shape[0] ?? 1
    const inner = values.length / samples
    const weights = sampleWeight ? spreadWeights(sampleWeight, shape) : null
    let [total, count] = [0, 0]
    for (let i = 0; i < values.length; i++) {
      const w = weights?.[i] ?? 1
      total += w * values[i]!
      count += w
    }
    this.state[0]! += total / inner
    this.state[1]! += count / inner
  }
}

const nameless: MetricOptions = { name: null }

/**
 * The weighted mean of values.
 *
 *     mean.updateState([1, 3], [1, 0])    // values, then weights
 */
export class Mean extends MeanMetric {
  static override readonly className: string = "Mean"
  protected readonly options: MetricOptions

  constructor(options: Options<MetricOptions> = {}) {
    super()
    this.options = complete(this.className, nameless, options)
  }

  /** Takes `(values, weights?)`, or like other metrics `(null, values, weights?)`. */
  override updateState(first: Values | null, second: Values | null = null, third: Values | null = null): void {
    const [values, weights] = first === null ? [second, third] : [first, second]
    if (values === null) return
    const tensor = asTensor(values)
    this.update(tensor, tensor, weights === null ? null : asTensor(weights))
  }

  protected override update(values: Tensor, _: Tensor, weights: Tensor | null): void {
    this.add(values.read(), values.shape, weights)
  }
}

/** The weighted sum of values. */
export class Sum extends Mean {
  static override readonly className = "Sum"

  override result(): number {
    return this.state[0]!
  }

  protected override update(values: Tensor, _: Tensor, weights: Tensor | null): void {
    const w = weights ? spreadWeights(weights, values.shape) : null
    values.read().forEach((value, i) => {
      this.state[0]! += value * (w?.[i] ?? 1)
    })
  }
}

/** A metric of the user's own: gives a value per sample, or one for the batch. */
export type MetricFunction = (yTrue: Tensor, yPred: Tensor) => Tensor | number

/** A function as a metric: the mean of what it gives. */
export class FunctionMetric extends MeanMetric {
  static override readonly className = "FunctionMetric"
  protected readonly options: MetricOptions
  readonly #fn: MetricFunction

  constructor(fn: MetricFunction, options: Options<MetricOptions> = {}) {
    super()
    this.#fn = fn
    this.options = complete("FunctionMetric", { name: fn.name || "metric" }, options)
  }

  protected override update(yTrue: Tensor, yPred: Tensor, sampleWeight: Tensor | null): void {
    const values = this.#fn(yTrue, yPred)
    if (typeof values !== "number" && values.rank > 0) this.add(values.read(), values.shape, sampleWeight)
    else {
      // One number for the batch counts for all of its samples.
      const samples = yPred.shape[0] ?? 1
      this.state[0]! += samples * (typeof values === "number" ? values : values.item())
      this.state[1]! += samples
    }
  }
}
