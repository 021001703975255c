let queue: (() => void)[] | null = null

/**
 * A change that a layer's call makes to its state, as batch normalisation does to its moving statistics: put off until
 * the trainer knows that the step is sound, done at once outside of a trainer.
 */
export function deferUpdate(update: () => void): void {
  if (queue) queue.push(update)
  else update()
}

/**
 * Runs `fn` and gathers the updates that layers put off meanwhile, in order; whoever calls it runs them.
 * Synchronous.
 */
export function collectUpdates<T>(fn: () => T): { readonly value: T; readonly updates: readonly (() => void)[] } {
  const before = queue
  const updates: (() => void)[] = []
  queue = updates
  try {
    return { value: fn(), updates }
  } finally {
    queue = before
  }
}
