import { add, backward, mul, noGrad, type RandomContext, type Tensor, withRandom } from "@selvedge/core"
import { collectLosses, collectUpdates, type Weight } from "@selvedge/layers"
import { updating } from "./brokenUpdate.ts"
import type { Batch, Loaded } from "./data/feed.ts"
import { callModel } from "./model.ts"
import { explainNonFinite } from "./nonFinite.ts"
import type { Trainer } from "./trainer.ts"

/** Where a step stands, for its random numbers and for messages. */
export interface Place {
  readonly epoch: number
  /** The batch within the epoch. */
  readonly batch: number
}

/** The loss of a batch as numbers: the total with penalties, and that of each output when there are several. */
export interface StepLoss {
  readonly loss: number
  readonly parts: Readonly<Record<string, number>>
}

/**
 * One training step: forward, loss and penalties, backward, update, constraints, metrics.
 * Nothing of it but numbers outlives it.
 * @throws NonFiniteError when the loss is not a finite number, or whatever else ends it before the update: nothing has
 *   been changed then. BrokenUpdateError for what ends the update.
 */
export function trainStep(trainer: Trainer, batch: Batch, place: Place): StepLoss {
  const { optimizer, seed, idOf } = trainer
  const random = { seed, purpose: "training", position: [trainer.step], idOf }
  return inStep(trainer, random, () => {
    const data = batch.load()
    // Looked up at each step, so that what was frozen or unfrozen since the last one has effect; and once, for it is a walk.
    const trainable = trainer.model.trainableWeights
    const { value: result, updates } = collectUpdates(() => forward(trainer, data, trainable, true))
    const loss = result.loss.read()[0]!
    if (!Number.isFinite(loss)) throw explainNonFinite(result.loss, data, batch, place, trainer.step)
    const weights = differentiate(trainer, result.loss, trainable)
    const gradients = weights.map(w => w.grad as Tensor)
    updating(trainer, () => {
      optimizer.apply(gradients, weights)
      for (const update of updates) update()
      for (const weight of weights) weight.constrain()
    })
    trainer.step++
    noGrad(() => trainer.metrics.update(data, result.outputs))
    return { loss, parts: result.parts }
  })
}

/** The loss and the metrics of a batch without learning: dropout and the like are off, batch statistics frozen. */
export function testStep(trainer: Trainer, batch: Batch, place: Place): StepLoss {
  const { seed, idOf } = trainer
  return inStep(trainer, { seed, purpose: "validation", position: [place.epoch, place.batch], idOf }, () =>
    noGrad(() => {
      const data = batch.load()
      const result = forward(trainer, data, trainer.model.trainableWeights, false)
      trainer.metrics.update(data, result.outputs)
      return { loss: result.loss.read()[0]!, parts: result.parts }
    }),
  )
}

/** Predictions of a batch, one tensor per output: copies that outlive the step. */
export function predictStep(trainer: Trainer, batch: Batch): Tensor[] {
  const { model, seed, idOf } = trainer
  return inStep(trainer, { seed, purpose: "free", position: [], idOf }, () =>
    noGrad(() => callModel(model, batch.load().x, false).map(y => y.clone())),
  )
}

/** Runs a step with its random numbers, its intermediate results in the memory that the next step uses again. */
function inStep<T>(trainer: Trainer, random: RandomContext, fn: () => T): T {
  return trainer.memory().step(() => withRandom(random, fn))
}

function forward(trainer: Trainer, data: Loaded, trainable: readonly Weight[], training: boolean) {
  const { model, objective } = trainer
  const { value: outputs, losses } = collectLosses(() => callModel(model, data.x, training))
  const { total, parts } = objective.of(data, outputs)
  const penalised = trainable.some(weight => weight.regularizer)
  const penalties = penalised ? [...losses, ...model.regularizationLosses()] : losses
  const loss = penalties.reduce((sum, penalty) => add(sum, penalty), total)
  return { outputs, loss, parts }
}

/** Computes all gradients and gives the weights that have one: none when the whole model is frozen. */
function differentiate({ optimizer }: Trainer, loss: Tensor, trainable: readonly Weight[]): Weight[] {
  if (!loss.requiresGrad) return []
  const scale = optimizer.lossScaleFactor
  const reached = new Set(backward(scale === null ? loss : mul(loss, scale)))
  return trainable.filter(weight => reached.has(weight))
}
