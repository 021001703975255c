import { FormatError } from "@selvedge/core"
import { asShapeList, type Model } from "@selvedge/layers"
import { getMetric, type MetricLike, type Trainer } from "@selvedge/trainer"
import { asJsonObject, isObject, type Json, type JsonObject } from "../json.ts"
import { compileConfigOf } from "./training.ts"

/**
 * A compile configuration in the words of tf_keras.
 * @throws FormatError for an optimizer that Keras 2 does not have, or whose state it keeps otherwise.
 */
export function compileConfig2(trainer: Trainer, model: Model): JsonObject {
  const { loss, loss_weights, optimizer } = compileConfigOf(trainer)
  const plain = metricsOf(trainer, model, trainer.metrics.asked, new Set())
  const taken = new Set(plain.flat().map(metric => metric.config.name))
  const weighted = metricsOf(trainer, model, trainer.metrics.weighted, taken)
  return asJsonObject("saveTrainer", {
    loss: loss2(loss ?? null),
    metrics: orNull(plain),
    weighted_metrics: orNull(weighted),
    loss_weights: loss_weights ?? null,
    optimizer_config: optimizer2(optimizer ?? null),
  })
}

/** The sparse cross-entropy of Keras 2 has no axis. */
function loss2(loss: Json): Json {
  if (Array.isArray(loss)) return loss.map(loss2)
  if (!isObject(loss)) return loss
  const { class_name, config } = loss
  if (class_name !== "SparseCategoricalCrossentropy" || !isObject(config)) {
    return class_name === undefined ? Object.fromEntries(Object.entries(loss).map(([k, v]) => [k, loss2(v)])) : loss
  }
  const { axis: _, ...rest } = config
  return { ...loss, config: rest }
}

/** tf_keras's present optimizers are called `Custom>Adam`. */
function optimizer2(optimizer: Json): Json {
  if (!isObject(optimizer) || !isObject(optimizer.config)) return optimizer
  const { loss_scale_factor, gradient_accumulation_steps, ...config } = optimizer.config
  const odd = [
    ["class_name", optimizer.class_name === "Adafactor"],
    ["gradient_accumulation_steps", (gradient_accumulation_steps ?? null) !== null],
    ["loss_scale_factor", (loss_scale_factor ?? null) !== null],
  ].find(([, isOdd]) => isOdd)
  if (odd) {
    const what = odd[0] === "class_name" ? "Adafactor" : String(odd[0])
    throw new FormatError(`saveTrainer: Keras 2 cannot go on with ${what}`, { hint: "leave out { keras: 2 }" })
  }
  const rate = config.learning_rate ?? null
  const learning_rate = isObject(rate) ? { class_name: rate.class_name ?? null, config: rate.config ?? {} } : rate
  return {
    class_name: `Custom>${String(optimizer.class_name)}`,
    config: { ...config, learning_rate, jit_compile: false, is_legacy_optimizer: false },
  }
}

interface Metric2 {
  readonly class_name: string
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * The metrics of each output by their classes: Keras 2 does not look anew at what `accuracy` stands for, and names them
 * after their output in the file already.
 */
function metricsOf(
  trainer: Trainer,
  model: Model,
  asked: readonly (readonly MetricLike[])[],
  taken: ReadonlySet<unknown>,
): Metric2[][] {
  const shapes = asShapeList(model.computeOutputShape(model.builtShape ?? []))
  return asked.map((list, i) => {
    const output = (shapes[i] ?? []).map(n => n ?? 1)
    const sparse = trainer.objective.losses[i]?.className === "SparseCategoricalCrossentropy"
    return list.map(like => {
      const metric = getMetric(like, sparse ? output.slice(0, -1) : output, output)
      const prefix = asked.length > 1 ? `${model.outputNames[i]}_` : ""
      const plain = `${prefix}${metric.name}`
      const name = taken.has(plain) ? `${prefix}weighted_${metric.name}` : plain
      const class_name = metric.className === "LogCosh" ? "LogCoshError" : metric.className
      return { class_name, config: { ...metric.getConfig(), name } }
    })
  })
}

/** What tf_keras writes for an output, or a model, without metrics. */
function orNull(metrics: readonly (readonly Metric2[])[]): unknown {
  if (metrics.every(list => list.length === 0)) return null
  return metrics.map(list => (list.length === 0 ? [null] : list))
}
