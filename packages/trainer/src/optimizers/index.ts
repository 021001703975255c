import { describe, OptionError } from "@selvedge/core"
import { type Config, checkedChoice, classNamed, fromConfig, type Serialized } from "../config.ts"
import { InverseTimeDecay } from "../schedules/index.ts"
import { Adafactor } from "./adafactor.ts"
import { Adadelta, Adagrad } from "./adagrad.ts"
import { Adam, AdamW } from "./adam.ts"
import { Adamax, Nadam } from "./adamax.ts"
import { Ftrl } from "./ftrl.ts"
import { Lion } from "./lion.ts"
import { type Optimizer, ownClasses } from "./optimizer.ts"
import { RMSprop } from "./rmsprop.ts"
import { SGD } from "./sgd.ts"

/** Every optimizer, by its Keras name. */
export const optimizerClasses = {
  SGD,
  RMSprop,
  Adagrad,
  Adadelta,
  Adam,
  AdamW,
  Adamax,
  Nadam,
  Ftrl,
  Lion,
  Adafactor,
}
// Adafactor's update is many kernels, one after the other.
for (const Class of Object.values(optimizerClasses)) if (Class !== Adafactor) ownClasses.add(Class)

/** Every optimizer, by the string that `compile` takes for it with its defaults. */
export const optimizers = {
  sgd: SGD,
  rmsprop: RMSprop,
  adagrad: Adagrad,
  adadelta: Adadelta,
  adam: Adam,
  adamw: AdamW,
  adamax: Adamax,
  nadam: Nadam,
  ftrl: Ftrl,
  lion: Lion,
  adafactor: Adafactor,
}

/** `"sgd"`, `"adam"`, ... */
export type OptimizerName = keyof typeof optimizers

/**
 * An optimizer from a string, or itself.
 * @throws OptionError for an unknown string, naming the nearest.
 */
export function getOptimizer(optimizer: OptimizerName | Optimizer): Optimizer {
  if (typeof optimizer !== "string") {
    if (typeof optimizer?.apply === "function") return optimizer
    throw new OptionError(`compile: the optimizer must be a name or an Optimizer, got ${describe(optimizer)}`)
  }
  return new optimizers[checkedChoice("compile", "optimizer", optimizer.toLowerCase(), optimizers)]()
}

/** What old files hold and what has no meaning here. */
const ignored = new Set(["isLegacyOptimizer", "jitCompile", "name", "slowStepTime"])

/**
 * An optimizer from Keras's `{ class_name, config }`. Keras 2's `lr` and `decay` are understood: a decay becomes an
 * `InverseTimeDecay` per step. `exclude_from_weight_decay`, a call in Keras, may stand in the config.
 * @throws OptionError for an unknown class or a wrong option.
 */
export function deserializeOptimizer({ class_name, config }: Serialized): Optimizer {
  const table: Record<string, new (options: object) => Optimizer> = optimizerClasses
  const { excludeFromWeightDecay, ...options } = modernized(fromConfig(config))
  const optimizer = new (classNamed("optimizer", table, class_name))(options)
  if (Array.isArray(excludeFromWeightDecay)) optimizer.excludeFromWeightDecay(excludeFromWeightDecay)
  return optimizer
}

function modernized({ lr, decay, ...rest }: Config): Config {
  const options = Object.fromEntries(Object.entries(rest).filter(([key]) => !ignored.has(key)))
  if (lr !== undefined) options.learningRate = lr
  if (typeof decay === "number" && decay > 0) {
    const initial = options.learningRate
    if (typeof initial !== "number") throw new OptionError("optimizer: decay needs a plain learning rate")
    options.learningRate = new InverseTimeDecay({ initialLearningRate: initial, decaySteps: 1, decayRate: decay })
  }
  if (options.weightDecay === false) options.weightDecay = null
  return options
}

export { Adafactor } from "./adafactor.ts"
export { Adadelta, Adagrad } from "./adagrad.ts"
export { Adam, AdamW } from "./adam.ts"
export { Adamax, Nadam } from "./adamax.ts"
export { Ftrl } from "./ftrl.ts"
export { Lion } from "./lion.ts"
export { Optimizer } from "./optimizer.ts"
export { RMSprop } from "./rmsprop.ts"
export { SGD } from "./sgd.ts"
export type { Gradient, OptimizerState, SlotKind, Step } from "./slots.ts"
