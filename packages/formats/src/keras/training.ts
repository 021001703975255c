import { FormatError } from "@selvedge/core"
import { Model, toSnakeCase } from "@selvedge/layers"
import {
  deserializeLoss,
  deserializeMetric,
  getLoss,
  getMetric,
  Loss,
  type LossName,
  Metric,
  type MetricName,
  metrics as metricNames,
  Optimizer,
  Schedule,
  type Trainer,
} from "@selvedge/trainer"
import { asJsonObject, isObject, type Json, type JsonObject } from "../json.ts"

/** Names of metrics that stand for another function, depending on the model's output: kept as the user wrote them. */
const SHORT = new Set(["accuracy", "acc", "crossentropy", "ce", "mae", "mse", "mape", "msle"])

/** Names of metrics that Keras knows by their classes only. */
const OURS = new Set(["rmse", "log_cosh", "logcosh", "kld"])

/**
 * Keras's compile configuration of a trainer: optimizer, loss and metrics by name and options.
 * @throws FormatError for a loss or metric that is a function of the user's own: Keras could not find it.
 */
export function compileConfigOf(trainer: Trainer): JsonObject {
  const { loss, metrics, weightedMetrics, lossWeights } = trainer.compileOptions
  return asJsonObject("saveTrainer", {
    optimizer: serialize(trainer.optimizer, "keras.optimizers"),
    loss: serialize(fullNames(loss, trainer), "keras.losses"),
    loss_weights: lossWeights ?? null,
    metrics: serialize(metrics ?? null, "keras.metrics"),
    weighted_metrics: serialize(weightedMetrics ?? null, "keras.metrics"),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: "auto",
  })
}

/**
 * Losses as Keras 3 wants them: `"mse"` as `"mean_squared_error"`, whose short name it cannot read from an `.h5` file, and
 * by name with null for an output that has none.
 */
function fullNames(loss: unknown, trainer: Trainer): unknown {
  if (typeof loss === "string") return toSnakeCase(getLoss(loss as LossName).className)
  if (Array.isArray(loss)) return loss.map(item => fullNames(item, trainer))
  if (typeof loss !== "object" || loss === null || Object.getPrototypeOf(loss) !== Object.prototype) return loss
  if ("class_name" in loss || !(trainer.model instanceof Model)) return loss
  const byName: Readonly<Record<string, unknown>> = { ...loss }
  return Object.fromEntries(trainer.model.outputNames.map(name => [name, fullNames(byName[name] ?? null, trainer)]))
}

/** Whatever compile takes as Keras writes it down; what names a class only is one of `module`. */
function serialize(value: unknown, module: string): unknown {
  if (value instanceof Optimizer || value instanceof Schedule || value instanceof Loss || value instanceof Metric) {
    return named(value.className, value.getConfig(), module)
  }
  if (typeof value === "function") {
    throw new FormatError(`saveTrainer: Keras cannot find the function ${value.name || "without a name"}`, {
      hint: "use a loss or metric of Keras, or save the model alone with saveModel",
    })
  }
  if (Array.isArray(value)) return value.map(item => serialize(item, module))
  if (typeof value === "string" && module === "keras.metrics" && OURS.has(value)) {
    return serialize(getMetric(value as MetricName, [1, 1], [1, 1]), module)
  }
  if (typeof value !== "object" || value === null) return value
  if ("class_name" in value && isObject(value as Json)) return serializeAgain(value as JsonObject, module)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, serialize(item, module)]))
}

/** A serialised object, perhaps in the words of Keras 2, in those of Keras 3. What an optimizer is told is a schedule. */
function serializeAgain({ class_name, config }: JsonObject, module: string): unknown {
  const given = { class_name: String(class_name), config: isObject(config) ? config : {} }
  if (module === "keras.losses") return serialize(deserializeLoss(given), module)
  if (module === "keras.metrics") return serialize(deserializeMetric(given), module)
  return named(given.class_name, given.config, "keras.optimizers.schedules")
}

function named(className: string, config: object, module: string): object {
  const isMetric = module === "keras.metrics"
  if (isMetric && className === "Huber") throw new FormatError("saveTrainer: Keras has no metric Huber")
  const class_name = isMetric && className === "LogCosh" ? "LogCoshError" : className
  // Texts in a metric's configuration are no names of metrics.
  const inner = isMetric ? "keras.losses" : module
  return { module, class_name, config: serialize(config, inner), registered_name: null }
}

/** Numbers in a compile configuration that are counts. Keras insists that all others are floats. */
const COUNTS = new Set([
  "axis",
  "boundaries",
  "class_id",
  "decay_steps",
  "ema_overwrite_frequency",
  "first_decay_steps",
  "gradient_accumulation_steps",
  "ignore_class",
  "k",
  "num_labels",
  "num_thresholds",
  "steps_per_execution",
  "top_k",
  "warmup_steps",
])

/** A compile configuration as JSON in which Python finds floats where Keras wants them: 0 is written as 0.0. */
export function compileJson(value: Json, key = ""): string {
  if (Array.isArray(value)) return `[${value.map(item => compileJson(item, key))}]`
  if (isObject(value)) {
    return `{${Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}:${compileJson(item, name)}`)}}`
  }
  return Number.isSafeInteger(value) && !COUNTS.has(key) ? `${value}.0` : JSON.stringify(value)
}

/** What `compile` needs, from `compile_config` or `training_config`, in words of this library. */
export interface StoredTraining {
  readonly optimizer: { class_name: string; config: Record<string, unknown> } | string
  readonly loss: Json
  readonly metrics: Json
  readonly weightedMetrics: Json
  readonly lossWeights: Json
}

/**
 * Undoes the spellings of Keras 2: `Custom>Adam`, `MeanMetricWrapper`, lists of one list, and metrics whose names begin
 * with that of their output.
 * @param prefixes names of the outputs that Keras 2 put before the names of metrics; none for Keras 3.
 */
export function readTraining(training: JsonObject, prefixes: readonly string[]): StoredTraining | undefined {
  const optimizer = training.optimizer ?? training.optimizer_config
  const { loss, metrics, weighted_metrics, loss_weights } = training
  if (loss === undefined || loss === null || optimizer === undefined || optimizer === null) return undefined
  return {
    optimizer: readOptimizer(optimizer),
    loss: simplify(loss),
    metrics: flatten(simplify(metrics ?? [], prefixes)),
    weightedMetrics: flatten(simplify(weighted_metrics ?? [], prefixes)),
    lossWeights: loss_weights ?? null,
  }
}

/** Keras 2's legacy Nadam has a momentum schedule of its own, whose constant the key `decay` gives. */
export function isLegacyNadam(optimizer: StoredTraining["optimizer"]): boolean {
  return typeof optimizer === "object" && optimizer.class_name === "Nadam" && "decay" in optimizer.config
}

function readOptimizer(value: Json): StoredTraining["optimizer"] {
  if (!isObject(value)) return String(value)
  const { class_name, config } = value
  return { class_name: String(class_name).replace(/^Custom>/, ""), config: isObject(config) ? config : {} }
}

function simplify(value: Json, prefixes: readonly string[] = []): Json {
  // Keras 2 writes an output without metrics as [null].
  if (Array.isArray(value) && value.length === 1 && value[0] === null) return []
  if (Array.isArray(value)) return value.map(item => simplify(item, prefixes))
  if (!isObject(value)) return value
  const { class_name } = value
  if (class_name === "function" && typeof value.config === "string") return value.config
  if (typeof class_name !== "string") {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, simplify(item, prefixes)]))
  }
  const config = isObject(value.config) ? withoutPrefix(value.config, prefixes) : {}
  return class_name === "MeanMetricWrapper" ? wrapped(config) : { class_name, config }
}

function withoutPrefix(config: JsonObject, prefixes: readonly string[]): JsonObject {
  const { name } = config
  const prefix = typeof name === "string" ? prefixes.find(output => name.startsWith(`${output}_`)) : undefined
  return prefix === undefined ? config : { ...config, name: String(name).slice(prefix.length + 1) }
}

/** A metric that Keras made of a function, kept under the name that the user gave. */
function wrapped({ name, fn }: JsonObject): Json {
  if (typeof name === "string" && SHORT.has(name)) return name
  const plain = simplify(fn ?? name ?? null)
  const known = typeof plain === "string" && Object.hasOwn(metricNames, plain)
  const class_name = known ? metricNames[plain as MetricName] : plain
  return typeof name === "string" && typeof class_name === "string" ? { class_name, config: { name } } : plain
}

/** `[["accuracy"]]` as `["accuracy"]`: Keras 2 nests the metrics of a single output. */
function flatten(value: Json): Json {
  return Array.isArray(value) && value.length === 1 && Array.isArray(value[0]) ? value[0] : value
}
