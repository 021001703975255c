import { describe, isTensor, OptionError, type Tensor } from "@selvedge/core"

let gathered: Tensor[] | null = null

/**
 * Adds a scalar to the loss of the call that is running: activity regularizers, or a penalty of your own layer's.
 * @throws OptionError for anything but a scalar tensor.
 */
export function addLoss(loss: Tensor): void {
  if (!isTensor(loss) || loss.rank !== 0) throw new OptionError(`addLoss: takes a scalar tensor, got ${describe(loss)}`)
  gathered?.push(loss)
}

/** Runs `fn` and gathers the losses that layers added meanwhile. Synchronous. */
export function collectLosses<T>(fn: () => T): { readonly value: T; readonly losses: readonly Tensor[] } {
  const before = gathered
  const losses: Tensor[] = []
  gathered = losses
  try {
    return { value: fn(), losses }
  } finally {
    gathered = before
  }
}
