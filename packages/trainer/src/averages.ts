import type { Logs } from "./callbacks/callback.ts"
import type { StepLoss } from "./step.ts"

/** The running mean of batch losses, weighted by the sizes of the batches: the loss of an epoch. */
export class LossMeans {
  #totals: Record<string, number> = {}
  #count = 0

  /** Takes a batch into account. */
  add({ loss, parts }: StepLoss, size: number): void {
    this.#count += size
    this.#totals.loss = (this.#totals.loss ?? 0) + loss * size
    for (const name of Object.keys(parts)) this.#totals[name] = (this.#totals[name] ?? 0) + parts[name]! * size
  }

  /** The means so far; empty before the first batch. */
  results(): Logs {
    return Object.fromEntries(Object.entries(this.#totals).map(([name, total]) => [name, total / this.#count]))
  }

  /** Forgets all batches. */
  reset(): void {
    this.#totals = {}
    this.#count = 0
  }

  /** For a checkpoint. */
  getState(): { totals: Record<string, number>; count: number } {
    return { totals: { ...this.#totals }, count: this.#count }
  }

  /** From a checkpoint. */
  setState(state: { totals: Record<string, number>; count: number }): void {
    this.#totals = { ...state.totals }
    this.#count = state.count
  }
}
