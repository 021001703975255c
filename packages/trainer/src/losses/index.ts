import { describe, OptionError } from "@selvedge/core"
import { checkedChoice, classNamed, fromConfig, isSerialized, type Serialized } from "../config.ts"
import { CategoricalHinge } from "./categoricalHinge.ts"
import { BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy } from "./crossentropy.ts"
import { CustomLoss, Loss, type LossFunction } from "./loss.ts"
import {
  CosineSimilarity,
  Hinge,
  Huber,
  KLDivergence,
  LogCosh,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredError,
  MeanSquaredLogarithmicError,
  Poisson,
  SquaredHinge,
} from "./regression.ts"

/** Every loss, by its Keras name. */
export const lossClasses = {
  MeanSquaredError,
  MeanAbsoluteError,
  MeanAbsolutePercentageError,
  MeanSquaredLogarithmicError,
  Huber,
  LogCosh,
  BinaryCrossentropy,
  CategoricalCrossentropy,
  SparseCategoricalCrossentropy,
  KLDivergence,
  Poisson,
  Hinge,
  SquaredHinge,
  CategoricalHinge,
  CosineSimilarity,
}

/** Every loss, by the strings that `compile` takes for it. */
export const losses = {
  mse: MeanSquaredError,
  mean_squared_error: MeanSquaredError,
  mae: MeanAbsoluteError,
  mean_absolute_error: MeanAbsoluteError,
  mape: MeanAbsolutePercentageError,
  mean_absolute_percentage_error: MeanAbsolutePercentageError,
  msle: MeanSquaredLogarithmicError,
  mean_squared_logarithmic_error: MeanSquaredLogarithmicError,
  huber: Huber,
  log_cosh: LogCosh,
  logcosh: LogCosh,
  bce: BinaryCrossentropy,
  binary_crossentropy: BinaryCrossentropy,
  categorical_crossentropy: CategoricalCrossentropy,
  sparse_categorical_crossentropy: SparseCategoricalCrossentropy,
  kld: KLDivergence,
  kl_divergence: KLDivergence,
  poisson: Poisson,
  hinge: Hinge,
  squared_hinge: SquaredHinge,
  categorical_hinge: CategoricalHinge,
  cosine_similarity: CosineSimilarity,
}

/** `"mse"`, `"sparse_categorical_crossentropy"`, ... */
export type LossName = keyof typeof losses

/** Whatever `compile` takes as a loss. */
export type LossLike = LossName | Loss | LossFunction | Serialized

/**
 * A loss from a string, a function, Keras's `{ class_name, config }`, or itself.
 * @throws OptionError for an unknown string, naming the nearest, or anything else.
 */
export function getLoss(loss: LossLike): Loss {
  if (loss instanceof Loss) return loss
  if (typeof loss === "function") return new CustomLoss(loss)
  if (isSerialized(loss)) return deserializeLoss(loss)
  if (typeof loss === "string") return named(loss)
  throw new OptionError(`compile: loss must be a name, a Loss or a function, got ${describe(loss)}`)
}

function named(name: string): Loss {
  const classes: Record<string, new () => Loss> = lossClasses
  const direct = Object.hasOwn(classes, name) ? classes[name] : undefined
  if (direct) return new direct()
  return new losses[checkedChoice("compile", "loss", lowered(name, losses), losses)]()
}

const lowered = (name: string, table: object) => (Object.hasOwn(table, name) ? name : name.toLowerCase())

/**
 * A loss from Keras's `{ class_name, config }`.
 * @throws OptionError for an unknown class or a wrong option.
 */
export function deserializeLoss({ class_name, config }: Serialized): Loss {
  const table: Record<string, new (options: object) => Loss> = lossClasses
  const { dtype: _, fn: __, ...options } = fromConfig(config)
  // Keras 2 writes its default down as "auto".
  if (options.reduction === "auto") delete options.reduction
  return new (classNamed("loss", table, class_name))(options)
}

export { CategoricalHinge } from "./categoricalHinge.ts"
export { BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy } from "./crossentropy.ts"
export { CustomLoss, Loss, type LossFunction, type Values } from "./loss.ts"
export { type Reduction, reductions } from "./reduce.ts"
export * from "./regression.ts"
