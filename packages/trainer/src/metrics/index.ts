import { describe, OptionError } from "@selvedge/core"
import { type Config, checkedChoice, fromConfig, isSerialized, type Serialized } from "../config.ts"
import { deserializeLoss, lossClasses } from "../losses/index.ts"
import {
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
} from "./accuracy.ts"
import { AUC } from "./auc.ts"
import {
  F1Score,
  FalseNegatives,
  FalsePositives,
  Precision,
  Recall,
  TrueNegatives,
  TruePositives,
} from "./confusion.ts"
import { LossMetric, RootMeanSquaredError } from "./lossMetric.ts"
import { FunctionMetric, Mean, Metric, type MetricFunction, Sum } from "./metric.ts"

/** Every metric that is not a loss, by its Keras name. Losses are metrics under their own names. */
export const metricClasses = {
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  TopKCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  Precision,
  Recall,
  AUC,
  F1Score,
  TruePositives,
  FalsePositives,
  TrueNegatives,
  FalseNegatives,
  RootMeanSquaredError,
  Mean,
  Sum,
}

/** Every metric, by the strings that `compile` takes for it. */
export const metrics = {
  accuracy: "accuracy",
  acc: "accuracy",
  binary_accuracy: "BinaryAccuracy",
  categorical_accuracy: "CategoricalAccuracy",
  sparse_categorical_accuracy: "SparseCategoricalAccuracy",
  top_k_categorical_accuracy: "TopKCategoricalAccuracy",
  sparse_top_k_categorical_accuracy: "SparseTopKCategoricalAccuracy",
  precision: "Precision",
  recall: "Recall",
  auc: "AUC",
  f1_score: "F1Score",
  true_positives: "TruePositives",
  false_positives: "FalsePositives",
  true_negatives: "TrueNegatives",
  false_negatives: "FalseNegatives",
  rmse: "RootMeanSquaredError",
  root_mean_squared_error: "RootMeanSquaredError",
  mse: "MeanSquaredError",
  mean_squared_error: "MeanSquaredError",
  mae: "MeanAbsoluteError",
  mean_absolute_error: "MeanAbsoluteError",
  mape: "MeanAbsolutePercentageError",
  mean_absolute_percentage_error: "MeanAbsolutePercentageError",
  msle: "MeanSquaredLogarithmicError",
  mean_squared_logarithmic_error: "MeanSquaredLogarithmicError",
  log_cosh: "LogCosh",
  logcosh: "LogCosh",
  bce: "BinaryCrossentropy",
  binary_crossentropy: "BinaryCrossentropy",
  categorical_crossentropy: "CategoricalCrossentropy",
  sparse_categorical_crossentropy: "SparseCategoricalCrossentropy",
  kld: "KLDivergence",
  kl_divergence: "KLDivergence",
  poisson: "Poisson",
  hinge: "Hinge",
  squared_hinge: "SquaredHinge",
  categorical_hinge: "CategoricalHinge",
  cosine_similarity: "CosineSimilarity",
} as const

/** `"accuracy"`, `"mae"`, ... */
export type MetricName = keyof typeof metrics

/** Whatever `compile` takes as a metric. */
export type MetricLike = MetricName | Metric | MetricFunction | Serialized

/**
 * A metric from a string, a function, Keras's `{ class_name, config }`, or itself. `"accuracy"` and `"acc"` become the
 * binary, sparse or categorical one by the shapes of targets and predictions, as in Keras.
 * @throws OptionError for an unknown string, naming the nearest, or anything else.
 */
export function getMetric(metric: MetricLike, yTrue: readonly number[], yPred: readonly number[]): Metric {
  if (metric instanceof Metric) return metric
  if (typeof metric === "function") return new FunctionMetric(metric)
  if (isSerialized(metric)) return deserializeMetric(metric)
  if (typeof metric !== "string") {
    throw new OptionError(`compile: a metric must be a name, a Metric or a function, got ${describe(metric)}`)
  }
  const made = named(metric, yTrue, yPred)
  made.name = metric
  return made
}

/** @throws OptionError unless `metric` is something `compile` can take. */
export function checkMetric(metric: MetricLike): void {
  getMetric(metric, [1, 1], [1, 1])
}

function named(name: string, yTrue: readonly number[], yPred: readonly number[]): Metric {
  if (Object.hasOwn(metricClasses, name) || Object.hasOwn(lossClasses, name)) {
    return deserializeMetric({ class_name: name, config: {} })
  }
  const key = checkedChoice("compile", "metric", Object.hasOwn(metrics, name) ? name : name.toLowerCase(), metrics)
  const className = metrics[key] === "accuracy" ? accuracyFor(yTrue, yPred) : metrics[key]
  return deserializeMetric({ class_name: className, config: {} })
}

function accuracyFor(yTrue: readonly number[], yPred: readonly number[]): string {
  if (yPred.at(-1) === 1) return "BinaryAccuracy"
  const sparse = yTrue.length < yPred.length || (yTrue.at(-1) === 1 && (yPred.at(-1) ?? 1) > 1)
  return sparse ? "SparseCategoricalAccuracy" : "CategoricalAccuracy"
}

/** Keras 3 names two metrics otherwise than the losses they come from. */
const lossNames: Readonly<Record<string, string>> = { LogCoshError: "LogCosh" }

/**
 * A metric from Keras's `{ class_name, config }`.
 * @throws OptionError for an unknown class or a wrong option.
 */
export function deserializeMetric({ class_name, config }: Serialized): Metric {
  const { dtype: _, fn: __, ...options } = fromConfig(config)
  const loss = lossNames[class_name] ?? class_name
  if (Object.hasOwn(lossClasses, loss)) return fromLoss(loss, options)
  const table: Record<string, new (options: object) => Metric> = metricClasses
  const found = table[checkedChoice("metric", "class", class_name, metricClasses)]!
  return new found(found === AUC ? withoutLabels(options) : options)
}

function fromLoss(className: string, { name, ...config }: Config): Metric {
  const loss = deserializeLoss({ class_name: className, config })
  const options = typeof name === "string" ? { name } : {}
  return new LossMetric(loss, options, className === "CosineSimilarity" ? -1 : 1)
}

/** Keras writes down settings for many labels at once, which are not offered here. */
function withoutLabels({ multiLabel: _, numLabels: __, labelWeights: ___, ...options }: Config): Config {
  return options
}

export {
  Accuracy,
  BinaryAccuracy,
  CategoricalAccuracy,
  SparseCategoricalAccuracy,
  SparseTopKCategoricalAccuracy,
  TopKCategoricalAccuracy,
} from "./accuracy.ts"
export { AUC } from "./auc.ts"
export * from "./confusion.ts"
export { LossMetric, RootMeanSquaredError } from "./lossMetric.ts"
export { FunctionMetric, Mean, MeanMetric, Metric, type MetricFunction, type MetricResult, Sum } from "./metric.ts"
