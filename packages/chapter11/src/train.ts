import { Model, type Sequential } from "@selvedge/layers"
import { type Callback, compile, type History, type Trainer } from "@selvedge/trainer"
import type { Examples, Prepared } from "./data.ts"
import type { Plan, Training } from "./experiment.ts"

/** What may be set from outside; the experiment says the rest. */
export interface TrainSettings {
  readonly seed: number
  readonly epochs?: number
  readonly batchSize?: number
  readonly learningRate?: number
  /** In place of a new network. */
  readonly model?: Sequential
  /** Where the epochs begin to count. */
  readonly initialEpoch?: number
  /** Whether the table of layers is printed and each epoch shown. Default true. */
  readonly verbose?: boolean
  readonly signal?: AbortSignal
  readonly callbacks?: readonly Callback[]
}

/** What a run came to. */
export interface Outcome {
  readonly trainer: Trainer
  readonly history: History
  readonly test: { readonly loss: number; readonly accuracy: number }
  readonly seconds: number
}

/** What is settled about a run of a training. */
export function planOf(training: Training, data: Prepared, settings: TrainSettings): Plan {
  const { seed, epochs = training.epochs, batchSize = training.batchSize ?? 32 } = settings
  const images = data.train.count
  const learningRate = settings.learningRate ?? training.learningRate ?? 1e-3
  return { seed, epochs, batchSize, learningRate, images, steps: Math.ceil(images / batchSize) }
}

/** A trainer that has not trained yet. */
export function trainerOf(training: Training, data: Prepared, settings: TrainSettings): Trainer {
  const { seed, model = training.model(seed) } = settings
  return compile(model, {
    loss: training.loss ?? "sparse_categorical_crossentropy",
    optimizer: training.optimizer(planOf(training, data, settings)),
    metrics: ["accuracy"],
    seed,
  })
}

/** Trains an experiment's network and tests it. */
export async function train(training: Training, data: Prepared, settings: TrainSettings): Promise<Outcome> {
  const { verbose = true, initialEpoch = 0, signal, callbacks = [] } = settings
  const plan = planOf(training, data, settings)
  const trainer = trainerOf(training, data, settings)
  if (verbose && trainer.model instanceof Model) trainer.model.summary()
  const start = performance.now()
  const history = await trainer.fit(data.train.x, data.train.y, {
    epochs: plan.epochs,
    batchSize: plan.batchSize,
    initialEpoch,
    validationData: asValidation(data.validation),
    callbacks: [...(training.callbacks?.(plan) ?? []), ...callbacks],
    verbose: verbose ? 1 : 0,
    ...(signal ? { signal } : {}),
  })
  const seconds = (performance.now() - start) / 1000
  const { loss = Number.NaN, accuracy = Number.NaN } = await evaluate(trainer, data.test)
  return { trainer, history, test: { loss, accuracy }, seconds }
}

const asValidation = ({ x, y }: Examples) => (y === null ? x : [x, y])

/** Loss and metrics over a part of the images. */
export const evaluate = (trainer: Trainer, { x, y }: Examples) => trainer.evaluate(x, y, { verbose: 0 })
