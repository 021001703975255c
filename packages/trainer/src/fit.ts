import { NonFiniteError, OptionError, poolEnding } from "@selvedge/core"
import type { Weight } from "@selvedge/layers"
import { BrokenUpdateError, copyState, undoEpoch } from "./brokenUpdate.ts"
import type { Logs } from "./callbacks/callback.ts"
import type { History } from "./callbacks/history.ts"
import { TerminateOnNaN } from "./callbacks/terminate.ts"
import { TurnTaker } from "./clock.ts"
import type { Batch } from "./data/feed.ts"
import { testEpoch } from "./evaluate.ts"
import { type FitOptions, settleFit } from "./options.ts"
import { prepareRun, type Run } from "./run.ts"
import { type StepLoss, trainStep } from "./step.ts"
import type { Trainer } from "./trainer.ts"

/**
 * Trains a model. What happens, in order:
 *
 *     check options and data, build the model
 *     for each epoch:
 *       for each batch:    forward, loss + penalties, backward, clip, update, constraints, metrics   (step.ts)
 *       validation
 *       callbacks, History
 *
 * @throws as `Trainer.fit` says.
 */
export async function fit(trainer: Trainer, x: unknown, y: unknown, options: FitOptions): Promise<History> {
  const run = prepareRun(trainer, x, y, settleFit(options))
  const release = claim(trainer)
  try {
    const { history, callbacks, train, validation } = run
    trainer.run = { history, callbacks, oneShot: train.oneShot, hasValidation: validation !== null }
    trainer.stopTraining = false
    // A worker that an earlier run lost may still be about to end.
    await poolEnding()
    await run.callbacks.begin("onTrainBegin")
    takePosition(trainer, run)
    const logs = await trainEpochs(trainer, run)
    // Keras leaves the averages of the weights in their place when it ends.
    trainer.optimizer.overwriteWithAverages()
    await run.callbacks.end("onTrainEnd", logs)
    return run.history
  } finally {
    release()
  }
}

/** Begins at `initialEpoch`, or where a checkpoint that was resumed left off. */
function takePosition(trainer: Trainer, run: Run): void {
  const { pending, position } = trainer
  trainer.pending = null
  if (pending) {
    Object.assign(position, pending.position)
    run.history.restore(pending.history)
    run.callbacks.setStates(pending.callbacks)
    trainer.stopTraining = pending.stopped
    if (run.train.oneShot) throw new OptionError(`fit: cannot go on from a checkpoint: ${run.train.oneShot}`)
  } else {
    Object.assign(position, { epoch: run.settings.initialEpoch, batch: 0 })
    trainer.resetMetrics()
  }
}

async function trainEpochs(trainer: Trainer, run: Run): Promise<Logs> {
  const { position } = trainer
  let logs: Logs = {}
  while (position.epoch < run.settings.epochs && !trainer.stopTraining && !aborted(run)) {
    const { epoch } = position
    await run.callbacks.at("onEpochBegin", epoch)
    await trainWholeEpoch(trainer, run)
    if (aborted(run)) break
    logs = trainer.results()
    if (run.validates(epoch)) Object.assign(logs, await validate(trainer, run))
    if (aborted(run)) break
    Object.assign(position, { epoch: epoch + 1, batch: 0 })
    trainer.resetMetrics()
    await run.callbacks.after("onEpochEnd", epoch, logs)
  }
  return logs
}

/** An epoch; when an update of it ends in the middle, everything is put back as the epoch found it. */
async function trainWholeEpoch(trainer: Trainer, run: Run): Promise<void> {
  const restore = copyState(trainer, run.room)
  try {
    await trainEpoch(trainer, run)
  } catch (error) {
    throw error instanceof BrokenUpdateError ? await undoEpoch(trainer, error, restore) : error
  }
}

/** All batches of the epoch, from the position on. */
async function trainEpoch(trainer: Trainer, run: Run): Promise<void> {
  const { train, callbacks } = run
  const { position } = trainer
  const clock = new TurnTaker()
  const [tellsBegin, tellsEnd] = [callbacks.has("onTrainBatchBegin"), callbacks.has("onTrainBatchEnd")]
  for await (const batch of train.epoch(position.epoch, position.batch)) {
    if (tellsBegin) await callbacks.at("onTrainBatchBegin", position.batch)
    trainer.lossMeans.add(step(trainer, run, batch), batch.size)
    position.batch++
    if (tellsEnd) await callbacks.after("onTrainBatchEnd", position.batch - 1, trainer.results())
    const turn = clock.turn()
    if (turn) await turn
    if (trainer.paused) await Promise.race([trainer.paused, whenAborted(run.settings.signal)])
    if (trainer.stopTraining || aborted(run)) break
  }
}

/** One training step. A loss that is not finite ends the run: by its error, or quietly with `TerminateOnNaN`. */
function step(trainer: Trainer, run: Run, batch: Batch): StepLoss {
  try {
    return trainStep(trainer, batch, trainer.position)
  } catch (error) {
    if (!(error instanceof NonFiniteError) || !run.callbacks.some(c => c instanceof TerminateOnNaN)) throw error
    trainer.stopTraining = true
    return { loss: Number.NaN, parts: {} }
  }
}

/** Loss and metrics on the validation data, under names that begin with `val_`. */
async function validate(trainer: Trainer, run: Run): Promise<Logs> {
  if (run.validation === null) return {}
  const logs = await testEpoch(trainer, run.validation, trainer.position.epoch, run.callbacks, run.settings.signal)
  return Object.fromEntries(Object.entries(logs).map(([name, value]) => [`val_${name}`, value]))
}

/** Settles when the signal says so: never, without one. */
const whenAborted = (signal: AbortSignal | null) =>
  new Promise<void>(resolve => {
    if (signal?.aborted) resolve()
    signal?.addEventListener("abort", () => resolve(), { once: true })
  })

const aborted = (run: Run) => run.settings.signal?.aborted === true

/** Weights that a `fit` is changing now. */
const busy = new Set<Weight>()

/**
 * Takes a model's weights for this run alone, until the returned function is called.
 * @throws OptionError when another run is changing one of them.
 */
function claim(trainer: Trainer): () => void {
  const { weights } = trainer.model
  const taken = weights.find(weight => busy.has(weight))
  if (taken) {
    throw new OptionError(`fit: another fit is training the weight "${taken.name}"`, {
      rule: "one run at a time changes a weight",
      hint: "await the other run first, or train a clone",
    })
  }
  for (const weight of weights) busy.add(weight)
  return () => {
    for (const weight of weights) busy.delete(weight)
  }
}
