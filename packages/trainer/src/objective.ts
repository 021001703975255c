import { add, checkNumber, describe, isTensor, mul, OptionError, runAtOnce, type Tensor } from "@selvedge/core"
import type { Loaded } from "./data/feed.ts"
import { getLoss, type Loss, type LossLike } from "./losses/index.ts"
import { checkMetric, getMetric, type Metric, type MetricLike } from "./metrics/index.ts"

/** One loss for all outputs, or one each: as a list or by the output's name; null for an output without. */
export type LossesLike = LossLike | readonly (LossLike | null)[] | Readonly<Record<string, LossLike | null>>

/** Metrics of a single output, or of each: by the output's name or as a list of lists. */
export type MetricsLike =
  | readonly (MetricLike | readonly MetricLike[])[]
  | Readonly<Record<string, MetricLike | readonly MetricLike[]>>

/** A value per output from whatever names them. */
function perOutput<T>(
  what: string,
  values: unknown,
  names: readonly string[],
  isSingle: (v: unknown) => v is T,
): (T | null)[] {
  if (isSingle(values)) return names.map(() => values)
  if (Array.isArray(values)) {
    if (values.length === names.length) return values
    throw new OptionError(`compile: ${values.length} of ${what} for ${names.length} outputs`)
  }
  if (typeof values !== "object" || values === null) {
    throw new OptionError(`compile: ${what} cannot be ${describe(values)}`)
  }
  const record = values as Record<string, T>
  const unknown = Object.keys(record).find(key => !names.includes(key))
  if (unknown !== undefined) {
    throw new OptionError(`compile: ${what} names an output "${unknown}"`, { facts: { outputs: names.join(", ") } })
  }
  return names.map(name => record[name] ?? null)
}

const isLossLike = (value: unknown): value is LossLike =>
  typeof value === "string" ||
  typeof value === "function" ||
  (typeof value === "object" && value !== null && ("call" in value || "class_name" in value))

const isNumber = (value: unknown): value is number => typeof value === "number"

/** What is minimised: a weighted sum of one loss per output. Penalties come on top. */
export class Objective {
  readonly losses: readonly (Loss | null)[]
  readonly weights: readonly number[]
  readonly #names: readonly string[]

  /** @throws OptionError for a loss, an output or a weight that cannot be. */
  constructor(losses: LossesLike, lossWeights: unknown, names: readonly string[]) {
    this.#names = names
    this.losses = perOutput<LossLike>("losses", losses, names, isLossLike).map(loss => loss && getLoss(loss))
    const weights = lossWeights === null ? names.map(() => 1) : perOutput("lossWeights", lossWeights, names, isNumber)
    this.weights = weights.map(weight => checkNumber("compile", "a loss weight", weight ?? 1))
  }

  /** The loss of a batch, and the losses of its outputs one by one when there are several. */
  of(batch: Loaded, outputs: readonly Tensor[]): { total: Tensor; parts: Readonly<Record<string, number>> } {
    let total: Tensor | null = null
    const several = this.losses.filter(loss => loss !== null).length > 1
    const parts: Record<string, number> = {}
    this.losses.forEach((loss, i) => {
      if (loss === null) return
      // One of your own need not know that kernels may still be running when an op returns.
      const value = runAtOnce(() =>
        loss.call(required(batch.y[i]), required(outputs[i]), batch.sampleWeight[i] ?? null),
      )
      if (several) parts[`${this.#names[i]}_loss`] = value.read()[0]!
      const part = this.weights[i] === 1 ? value : mul(value, this.weights[i]!)
      total = total === null ? part : add(total, part)
    })
    if (total === null) throw new OptionError("fit: no output has a loss")
    return { total, parts }
  }
}

function required(x: Tensor | undefined): Tensor {
  if (isTensor(x)) return x
  throw new OptionError("fit: targets are missing", { hint: "give y, or a dataset whose batches have one" })
}

/** The metrics of all outputs. They are made at the first batch, when shapes are known. */
export class Metrics {
  /** What was asked for, output by output. */
  readonly asked: readonly (readonly MetricLike[])[]
  /** The same of those that take the weights of examples into account. */
  readonly weighted: readonly (readonly MetricLike[])[]
  readonly #names: readonly string[]
  #made: { name: string; output: number; weighted: boolean; metric: Metric }[] | null = null
  #waiting: Readonly<Record<string, Float64Array>> = {}

  /** @throws OptionError for an unknown metric or output. */
  constructor(metrics: MetricsLike, weighted: MetricsLike, names: readonly string[]) {
    this.#names = names
    this.asked = listPerOutput(metrics, names)
    this.weighted = listPerOutput(weighted, names)
    for (const metric of [...this.asked, ...this.weighted].flat()) checkMetric(metric)
  }

  /** All metrics by the names under which they are reported. */
  get all(): readonly { readonly name: string; readonly metric: Metric }[] {
    return this.#made ?? []
  }

  /** Makes the metrics for these shapes, unless they are made. */
  build(yTrue: readonly (readonly number[])[], yPred: readonly (readonly number[])[]): void {
    if (this.#made) return
    const make = (lists: readonly (readonly MetricLike[])[], weighted: boolean) =>
      lists.flatMap((list, output) =>
        list.map(asked => {
          const metric = getMetric(asked, yTrue[output] ?? [], yPred[output] ?? [])
          const prefix = this.#names.length > 1 ? `${this.#names[output]}_` : ""
          return { name: `${prefix}${metric.name}`, prefix, output, weighted, metric }
        }),
      )
    this.#made = distinct([...make(this.asked, false), ...make(this.weighted, true)])
    this.setStates(this.#waiting)
  }

  /** The states of all metrics, by name. */
  getStates(): Record<string, Float64Array> {
    return Object.fromEntries(this.all.map(({ name, metric }) => [name, metric.state.slice()]))
  }

  /** Gives the metrics their states back; those not made yet get them when they are. */
  setStates(states: Readonly<Record<string, Float64Array>>): void {
    this.#waiting = this.#made ? {} : states
    for (const { name, metric } of this.all) {
      const state = states[name]
      if (state) metric.state = state.slice()
    }
  }

  /** Takes a batch into account. */
  update(batch: Loaded, outputs: readonly Tensor[]): void {
    this.build(
      batch.y.map(y => y.shape),
      outputs.map(y => y.shape),
    )
    for (const { metric, output, weighted } of this.#made ?? []) {
      const weights = weighted ? (batch.sampleWeight[output] ?? null) : null
      runAtOnce(() => metric.updateState(required(batch.y[output]), required(outputs[output]), weights))
    }
  }

  /** Their values so far. */
  results(): Record<string, number> {
    return Object.fromEntries(
      this.all.flatMap(({ name, metric }) => {
        const result = metric.result()
        return typeof result === "number" ? [[name, result]] : result.map((value, i) => [`${name}_${i}`, value])
      }),
    )
  }

  /** Forgets all batches. */
  reset(): void {
    for (const { metric } of this.all) metric.resetState()
  }
}

/** Metrics of one name are told apart as in Keras: a weighted one as `weighted_NAME`, then by a count. */
function distinct<T extends { name: string; prefix: string; weighted: boolean; metric: Metric }>(made: T[]): T[] {
  const seen = new Map<string, number>()
  const count = (name: string) => {
    const before = seen.get(name) ?? 0
    seen.set(name, before + 1)
    return before
  }
  for (const entry of made) {
    let before = count(entry.name)
    if (before > 0 && entry.weighted) {
      entry.name = `${entry.prefix}weighted_${entry.metric.name}`
      before = count(entry.name)
    }
    if (before > 0) entry.name = `${entry.name}_${before}`
  }
  return made
}

function listPerOutput(metrics: MetricsLike, names: readonly string[]): (readonly MetricLike[])[] {
  // Keras 2 writes an output without metrics as [null].
  const asList = (value: unknown) =>
    (Array.isArray(value) ? value : [value]).filter(item => item !== null && item !== undefined)
  if (!Array.isArray(metrics)) {
    const isNever = (_: unknown): _ is never => false
    return perOutput("metrics", metrics, names, isNever).map(asList)
  }
  // A flat list belongs to every output, as in Keras it belongs to the single one.
  if (names.length === 1) return [metrics.flat()]
  if (metrics.length === names.length && metrics.some(Array.isArray)) return metrics.map(asList)
  if (metrics.length === 0) return names.map(() => [])
  if (metrics.length === names.length) return metrics.map(asList)
  throw new OptionError(`compile: ${metrics.length} metrics for ${names.length} outputs`, {
    hint: "name them: metrics: { output: [...] }",
  })
}
