import { assign, finishRuns, poolEnding, SelvedgeError } from "@selvedge/core"
import type { Trainer } from "./trainer.ts"

/** An update that ended in the middle: some weights are new, others old. `cause` is the error that ended it. */
export class BrokenUpdateError extends SelvedgeError {
  override readonly code = "ERR_BROKEN_UPDATE"
}

/**
 * Runs what changes weights: the optimizer, moving statistics, constraints.
 * @throws BrokenUpdateError for whatever ends it, because nobody knows then which weights are changed.
 */
export function updating(trainer: Trainer, update: () => void): void {
  try {
    update()
    // What kernels leave running belongs to it: a worker that is lost there has changed weights, too.
    finishRuns()
  } catch (cause) {
    const why = cause instanceof SelvedgeError ? cause.sentence : String(cause)
    throw new BrokenUpdateError(`trainer: the update of step ${trainer.step} ended in the middle: ${why}`, {
      rule: "an update changes all weights or none",
      hint: "some weights are changed and others are not: restore the model, for instance from a checkpoint",
      cause,
    })
  }
}

/**
 * Copies weights, the optimizer's state and the position; the function that it gives puts them back. The copies lie in
 * `room`, which a run keeps from epoch to epoch: to allocate takes ten times as long as to copy.
 */
export function copyState(trainer: Trainer, room: Float32Array[]): () => void {
  const { model, optimizer, step } = trainer
  const position = { ...trainer.position }
  const known = optimizer.weights
  const state = optimizer.getState()
  const tensors = [...optimizer.variables, ...model.weights]
  const copies = tensors.map((x, i) => {
    const kept = room[i]
    const copy = kept?.length === x.size ? kept : new Float32Array(x.size)
    copy.set(x.read())
    room[i] = copy
    return copy
  })
  const count = tensors.length - model.weights.length
  return () => {
    for (const [i, weight] of tensors.slice(count).entries()) assign(weight, copies[count + i]!)
    optimizer.rebuild(known)
    optimizer.setVariables(copies.slice(0, count))
    optimizer.setState(state)
    trainer.step = step
    Object.assign(trainer.position, position)
  }
}

/**
 * Puts everything back as it was when the epoch began, once no lost worker can write to it any more.
 * @returns the error to throw, which says so.
 */
export async function undoEpoch(
  trainer: Trainer,
  error: BrokenUpdateError,
  restore: () => void,
): Promise<SelvedgeError> {
  const { epoch, batch } = trainer.position
  await poolEnding()
  restore()
  return new BrokenUpdateError(error.sentence.replace("trainer:", "fit:"), {
    facts: { epoch: epoch + 1, batch: batch + 1 },
    rule: "an update changes all weights or none",
    hint: `weights and optimizer are again as they were at the beginning of epoch ${epoch + 1}: fit can be called again`,
    cause: error.cause,
  })
}
