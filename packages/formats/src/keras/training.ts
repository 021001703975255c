import { FormatError } from "@selvedge/core"
import { Loss, Metric, Optimizer, Schedule, type Trainer } from "@selvedge/trainer"
import { asJsonObject, isObject, type Json, type JsonObject } from "../json.ts"

/** Names of metrics that stand for another function, depending on the model's output: kept as the user wrote them. */
const SHORT = new Set(["accuracy", "acc", "crossentropy", "ce", "mae", "mse", "mape", "msle"])

/**
 * Keras's compile configuration of a trainer: optimizer, loss and metrics by name and options.
 * @throws FormatError for a loss or metric that is a function of the user's own: Keras could not find it.
 */
export function compileConfigOf(trainer: Trainer): JsonObject {
  const { loss, metrics, weightedMetrics, lossWeights } = trainer.compileOptions
  return asJsonObject("saveTrainer", {
    optimizer: serialize(trainer.optimizer),
    loss: serialize(loss),
    loss_weights: lossWeights ?? null,
    metrics: serialize(metrics ?? null),
    weighted_metrics: serialize(weightedMetrics ?? null),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: "auto",
  })
}

function serialize(value: unknown): unknown {
  if (value instanceof Optimizer) return named("keras.optimizers", value.className, value.getConfig())
  if (value instanceof Schedule) return named("keras.optimizers.schedules", value.className, value.getConfig())
  if (value instanceof Loss) return named("keras.losses", value.className, value.getConfig())
  if (value instanceof Metric) return named("keras.metrics", value.className, value.getConfig())
  if (typeof value === "function") {
    throw new FormatError(`saveTrainer: Keras cannot find the function ${value.name || "without a name"}`, {
      hint: "use a loss or metric of Keras, or save the model alone with saveModel",
    })
  }
  if (Array.isArray(value)) return value.map(serialize)
  if (typeof value !== "object" || value === null) return value
  if ("class_name" in value && Object.hasOwn(schedulesOfKeras, String(value.class_name))) {
    return { module: "keras.optimizers.schedules", registered_name: null, ...value }
  }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, serialize(item)]))
}

const schedulesOfKeras: Readonly<Record<string, true>> = {
  ExponentialDecay: true,
  InverseTimeDecay: true,
  PiecewiseConstantDecay: true,
  PolynomialDecay: true,
  CosineDecay: true,
  CosineDecayRestarts: true,
}

function named(module: string, class_name: string, config: object): object {
  return { module, class_name, config: serialize(config), registered_name: null }
}

/** What `compile` needs, from `compile_config` or `training_config`, in words of this library. */
export interface StoredTraining {
  readonly optimizer: { class_name: string; config: Record<string, unknown> } | string
  readonly loss: Json
  readonly metrics: Json
  readonly weightedMetrics: Json
  readonly lossWeights: Json
}

/** Undoes the spellings of Keras 2: `Custom>Adam`, `MeanMetricWrapper`, lists of one list. */
export function readTraining(training: JsonObject): StoredTraining | undefined {
  const optimizer = training.optimizer ?? training.optimizer_config
  const { loss, metrics, weighted_metrics, loss_weights } = training
  if (loss === undefined || loss === null || optimizer === undefined || optimizer === null) return undefined
  return {
    optimizer: readOptimizer(optimizer),
    loss: simplify(loss),
    metrics: flatten(simplify(metrics ?? [])),
    weightedMetrics: flatten(simplify(weighted_metrics ?? [])),
    lossWeights: loss_weights ?? null,
  }
}

function readOptimizer(value: Json): StoredTraining["optimizer"] {
  if (!isObject(value)) return String(value)
  const { class_name, config } = value
  return { class_name: String(class_name).replace(/^Custom>/, ""), config: isObject(config) ? config : {} }
}

function simplify(value: Json): Json {
  if (Array.isArray(value)) return value.map(simplify)
  if (!isObject(value)) return value
  const { class_name, config } = value
  if (class_name === "function" && typeof config === "string") return config
  if (class_name === "MeanMetricWrapper" && isObject(config)) {
    const { name, fn } = config
    return typeof name === "string" && SHORT.has(name) ? name : simplify(fn ?? name ?? null)
  }
  if (typeof class_name === "string") return { class_name, config: isObject(config) ? config : {} }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, simplify(item)]))
}

/** `[["accuracy"]]` as `["accuracy"]`: Keras 2 nests the metrics of a single output. */
function flatten(value: Json): Json {
  return Array.isArray(value) && value.length === 1 && Array.isArray(value[0]) ? value[0] : value
}
