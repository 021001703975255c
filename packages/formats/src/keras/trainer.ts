import { FormatError, OptionError } from "@selvedge/core"
import { Model } from "@selvedge/layers"
import {
  type CompileOptions,
  compile,
  deserializeOptimizer,
  getOptimizer,
  type OptimizerName,
  Trainer,
} from "@selvedge/trainer"
import { writeFileAtomic } from "../atomic.ts"
import { messageOf } from "../fail.ts"
import type { Source } from "../source.ts"
import { applyAll } from "./assign.ts"
import { isKeras2, type KerasFile, openKeras } from "./file.ts"
import { buildModel, planWeights } from "./load.ts"
import { planOptimizer, storedVariables, type Values } from "./optimizerState.ts"
import { checkLoad, checkWeights, type LoadOptions, type WeightOptions } from "./options.ts"
import { encodeModel, formatOf, type SaveOptions } from "./save.ts"
import { isLegacyNadam, readTraining } from "./training.ts"

/**
 * Saves a model with all that its training needs to go on: loss, metrics, the optimizer with its state and step. Keras
 * continues the run with the same losses.
 *
 * @throws as `saveModel`; FormatError for a loss or metric that is a function.
 */
export async function saveTrainer(trainer: Trainer, path: string | URL, options: SaveOptions = {}): Promise<void> {
  await writeFileAtomic(path, await trainerToBytes(trainer, { ...options, format: options.format ?? formatOf(path) }))
}

/** The bytes that `saveTrainer` would write. */
export async function trainerToBytes(trainer: Trainer, options: SaveOptions = {}): Promise<Uint8Array> {
  const model = modelOf(trainer)
  if (model.built) trainer.optimizer.build(model.trainableWeights)
  return encodeModel(model, options, trainer)
}

/**
 * Loads a model with its trainer: compiled as it was saved, with the optimizer's state and step, so that training goes on
 * with the same losses. From `.keras`, and from the whole-model `.h5` of Keras 2 and 3.
 *
 * @throws FormatError as `loadModel`, and when the file was saved without a compile configuration.
 */
export async function loadTrainer(source: Source, options: LoadOptions = {}): Promise<Trainer> {
  checkLoad("loadTrainer", options)
  const file = await openKeras(source, options)
  const model = buildModel(file, options)
  const trainer = compileFrom(model, file)
  const state = planState(trainer, file)
  if (state) setState(trainer, state)
  return trainer
}

/**
 * Loads weights into a model or a trainer: from `.weights.h5` (Keras 3, or Keras 2's layout), or from the weights of a
 * `.keras` or whole `.h5` file. A trainer takes the optimizer's state, too, when the file has it. Nothing changes before
 * all has been checked.
 *
 * @throws FormatError when a weight is missing, of another shape, or belongs to no layer.
 */
export async function loadWeights(
  target: Model | Trainer,
  source: Source,
  options: WeightOptions & Omit<LoadOptions, "customObjects"> = {},
): Promise<void> {
  checkWeights("loadWeights", options)
  const file = await openKeras(source, options)
  const model = target instanceof Trainer ? modelOf(target) : target
  const plan = planWeights(model, file, options)
  const partial = options.byName === true || options.skipMismatch === true
  const state = target instanceof Trainer && !partial ? planState(target, file) : undefined
  applyAll(plan)
  if (target instanceof Trainer && state) setState(target, state)
}

/** Saves the weights of a model, or of a trainer with its optimizer's state, as `.weights.h5`. */
export async function saveWeights(target: Model | Trainer, path: string | URL): Promise<void> {
  if (formatOf(path) !== "weights.h5") {
    throw new OptionError(`saveWeights: the file's name must end in .weights.h5, got ${String(path)}`)
  }
  await writeFileAtomic(path, await weightsToBytes(target))
}

/** The bytes that `saveWeights` would write. */
export async function weightsToBytes(target: Model | Trainer): Promise<Uint8Array> {
  const format = "weights.h5"
  return target instanceof Trainer ? trainerToBytes(target, { format }) : encodeModel(target, { format })
}

function modelOf(trainer: Trainer): Model {
  const { model } = trainer
  if (model instanceof Model) return model
  throw new OptionError("a trainer's file needs a model, not a single layer", {
    hint: "put the layer into a Sequential",
  })
}

function compileFrom(model: Model, file: KerasFile): Trainer {
  // Keras 2 names the metrics of several outputs after them, also in the file.
  const prefixes = isKeras2(file.kerasVersion) && model.outputNames.length > 1 ? model.outputNames : []
  const training = file.training && readTraining(file.training, prefixes)
  if (!training) {
    const hint = "load it with loadModel, and compile it"
    throw file.refuse("compile configuration", "optimizer, loss and metrics", "none", hint)
  }
  if (isLegacyNadam(training.optimizer)) {
    const hint = "load it with loadModel, and compile it with another optimizer"
    throw file.refuse(
      "optimizer",
      "one that this library has",
      "Keras 2's legacy Nadam, whose momentum is another",
      hint,
    )
  }
  try {
    const { optimizer, loss, metrics, weightedMetrics, lossWeights } = training
    const options = {
      optimizer:
        typeof optimizer === "string" ? getOptimizer(optimizer as OptimizerName) : deserializeOptimizer(optimizer),
      loss,
      metrics,
      weightedMetrics,
      ...(lossWeights === null ? {} : { lossWeights }),
    }
    // compile checks every value itself: nothing in a file has a type yet.
    return compile(model, options as CompileOptions)
  } catch (error) {
    if (error instanceof FormatError) throw error
    const [sentence = ""] = messageOf(error).split("\n")
    throw file.refuse("compile configuration", "one that this library has", sentence)
  }
}

function planState(trainer: Trainer, file: KerasFile): Values[] | undefined {
  const stored = storedVariables(file)
  if (!stored) return undefined
  trainer.optimizer.build(trainer.model.trainableWeights)
  return planOptimizer(trainer.optimizer, stored, file.refuse)
}

function setState(trainer: Trainer, values: Values[]): void {
  trainer.optimizer.setVariables(values)
  trainer.step = trainer.optimizer.getState().calls
}
