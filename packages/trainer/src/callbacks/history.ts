import type { Logs } from "./callback.ts"

/** What a run was: epochs asked for, steps per epoch, examples. */
export interface RunInfo {
  readonly epochs: number
  /** Batches per epoch; null when not known before the first has ended. */
  readonly steps: number | null
  readonly batchSize: number
  readonly verbose: 0 | 1 | 2
}

/** What `fit` gives: each number, epoch by epoch. */
export class History {
  /** `{ loss: [...], accuracy: [...], val_loss: [...], ... }`. */
  readonly history: Record<string, number[]> = {}
  /** The epochs that took place. */
  readonly epoch: number[] = []
  readonly params: RunInfo

  constructor(params: RunInfo) {
    this.params = params
  }

  /** Adds an epoch. */
  add(epoch: number, logs: Logs): void {
    this.epoch.push(epoch)
    for (const [name, value] of Object.entries(logs)) {
      this.history[name] ??= []
      this.history[name].push(value)
    }
  }

  /** Takes back what a checkpoint held. */
  restore(kept: {
    readonly epoch: readonly number[]
    readonly history: Readonly<Record<string, readonly number[]>>
  }): void {
    this.epoch.push(...kept.epoch)
    for (const [name, values] of Object.entries(kept.history)) this.history[name] = [...values]
  }
}
