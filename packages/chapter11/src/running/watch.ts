import type { Callback, CallbackState, Logs, Trainer } from "@selvedge/trainer"

/** How far a run is. */
export interface Progress {
  /** Which of its trainings; "" where it is all there is. */
  readonly part: string
  readonly epoch: number
  readonly epochs: number
  /** Batches of the epoch that are done, and how many there are. */
  readonly batch: number
  readonly batches: number
  /** The numbers of the last whole epoch. */
  readonly logs: Logs
}

/** So many points of the learning rate are kept at most. */
const POINTS = 500
/** Milliseconds between two reports. */
const OFTEN = 250

/** Reports how far a training is, takes its time, and takes down its learning rate. An interruption costs it nothing. */
export class Watch implements Callback {
  readonly name = "Watch"
  readonly steps: number[] = []
  readonly rates: number[] = []
  readonly #part: string
  readonly #report: (progress: Progress) => void
  #logs: Logs = {}
  /** Seconds until the last checkpoint, and when the clock was last read. */
  #seconds = 0
  #since = performance.now()
  #reported = 0

  constructor(part: string, report: (progress: Progress) => void) {
    this.#part = part
    this.#report = report
  }

  /** Seconds of training so far. */
  get seconds(): number {
    const now = performance.now()
    this.#seconds += (now - this.#since) / 1000
    this.#since = now
    return this.#seconds
  }

  onTrainBegin(): void {
    this.#since = performance.now()
  }

  onTrainBatchBegin(batch: number, trainer: Trainer): void {
    const { epochs = 1, steps = null } = trainer.params ?? {}
    const every = Math.max(1, Math.floor((epochs * (steps ?? 1)) / POINTS))
    if (trainer.step % every === 0) {
      this.steps.push(trainer.step)
      this.rates.push(trainer.optimizer.learningRate)
    }
    const now = performance.now()
    if (now - this.#reported < OFTEN) return
    this.#reported = now
    this.#tell(trainer, batch)
  }

  onEpochEnd(_epoch: number, logs: Logs, trainer: Trainer): void {
    this.#logs = { ...logs }
    this.#tell(trainer, 0)
  }

  onTrainEnd(): void {
    this.#seconds = this.seconds
  }

  #tell(trainer: Trainer, batch: number): void {
    const { epochs = 1, steps } = trainer.params ?? {}
    const { epoch } = trainer.position
    this.#report({ part: this.#part, epoch, epochs, batch, batches: steps ?? 1, logs: this.#logs })
  }

  getState(): CallbackState {
    return { seconds: this.seconds, steps: [...this.steps], rates: [...this.rates], logs: this.#logs }
  }

  setState({ seconds, steps, rates, logs }: CallbackState): void {
    if (typeof seconds === "number") this.#seconds = seconds
    if (Array.isArray(steps)) this.steps.splice(0, this.steps.length, ...steps)
    if (Array.isArray(rates)) this.rates.splice(0, this.rates.length, ...rates)
    if (typeof logs === "object" && logs !== null) this.#logs = { ...logs }
  }
}
