import { checkChoice, checkKeys, checkNumber, OptionError } from "@selvedge/core"
import { Schedule } from "../schedules/index.ts"
import type { Trainer } from "../trainer.ts"
import type { Callback, CallbackState, Logs } from "./callback.ts"
import { Monitor, type MonitorOptions, monitorKeys, orNull } from "./monitor.ts"

/** @throws OptionError when the rate is a schedule's, which a callback must not replace. */
function requirePlainRate(owner: string, trainer: Trainer): void {
  if (trainer.optimizer.schedule === null) return
  throw new OptionError(`${owner}: the learning rate is given by a schedule already`, {
    hint: "give the optimizer a number",
  })
}

/** What `ReduceLROnPlateau` can be told. */
export interface ReduceLROnPlateauOptions extends MonitorOptions {
  /** What the rate is multiplied by. Default 0.1. */
  readonly factor?: number
  /** Epochs without improvement that are borne. Default 10. */
  readonly patience?: number
  /** Epochs to wait after a reduction. Default 0. */
  readonly cooldown?: number
  /** The rate never gets below this. Default 0. */
  readonly minLr?: number
  /** 1 says what it did. */
  readonly verbose?: 0 | 1
}

const plateauKeys = [...monitorKeys, "factor", "patience", "cooldown", "minLr", "verbose"]

/**
 * Lowers the learning rate when a number has stopped getting better.
 * https://keras.io/api/callbacks/reduce_lr_on_plateau/
 * @throws OptionError for an unknown or wrong option.
 */
export class ReduceLROnPlateau implements Callback {
  readonly name = "ReduceLROnPlateau"
  readonly #monitor: Monitor
  readonly #factor: number
  readonly #patience: number
  readonly #cooldown: number
  readonly #minimum: number
  readonly #verbose: boolean
  #best: number | null = null
  #wait = 0
  #cooling = 0

  constructor(options: ReduceLROnPlateauOptions = {}) {
    const owner = "ReduceLROnPlateau"
    checkKeys(owner, options, plateauKeys)
    this.#monitor = new Monitor(owner, { minDelta: 1e-4, ...options })
    this.#factor = checkNumber(owner, "factor", options.factor ?? 0.1, { above: 0, below: 1 })
    this.#patience = checkNumber(owner, "patience", options.patience ?? 10, { min: 0, integer: true })
    this.#cooldown = checkNumber(owner, "cooldown", options.cooldown ?? 0, { min: 0, integer: true })
    this.#minimum = checkNumber(owner, "minLr", options.minLr ?? 0, { min: 0 })
    this.#verbose = (options.verbose ?? 0) > 0
  }

  onTrainBegin(trainer: Trainer): void {
    requirePlainRate("ReduceLROnPlateau", trainer)
    this.setState({ best: null, wait: 0, cooling: 0 })
  }

  onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): void {
    logs.learning_rate = trainer.optimizer.learningRate
    const current = this.#monitor.value(logs, trainer)
    if (current === null) return
    if (this.#cooling > 0) {
      this.#cooling--
      this.#wait = 0
    }
    if (this.#monitor.improves(current, this.#best, trainer)) {
      this.#best = current
      this.#wait = 0
    } else if (this.#cooling === 0) {
      this.#wait++
      if (this.#wait >= this.#patience) this.#reduce(epoch, trainer)
    }
  }

  #reduce(epoch: number, { optimizer }: Trainer): void {
    if (optimizer.learningRate <= this.#minimum) return
    optimizer.learningRate = Math.max(optimizer.learningRate * this.#factor, this.#minimum)
    this.#cooling = this.#cooldown
    this.#wait = 0
    if (this.#verbose) {
      console.log(`Epoch ${epoch + 1}: ReduceLROnPlateau reducing learning rate to ${optimizer.learningRate}.`)
    }
  }

  getState(): CallbackState {
    return { best: this.#best, wait: this.#wait, cooling: this.#cooling }
  }

  setState(state: CallbackState): void {
    this.#best = orNull(state.best)
    this.#wait = Number(state.wait)
    this.#cooling = Number(state.cooling)
  }
}

/** What `LearningRateScheduler` can be told. */
export interface LearningRateSchedulerOptions {
  /** Whether the function is asked before each epoch or before each step. Default `"epoch"`. */
  readonly every?: "epoch" | "step"
  /** 1 says what it did, epoch by epoch. */
  readonly verbose?: 0 | 1
}

/**
 * Sets the learning rate before each epoch (or step) by a function of its number and of the rate so far, or by a
 * schedule. https://keras.io/api/callbacks/learning_rate_scheduler/
 * @throws OptionError for an unknown or wrong option, or a rate that is not a number >= 0.
 */
export class LearningRateScheduler implements Callback {
  readonly name = "LearningRateScheduler"
  /** There only when it is asked before each step. */
  readonly onTrainBatchBegin?: (batch: number, trainer: Trainer) => void
  readonly #schedule: (index: number, rate: number) => number
  readonly #everyStep: boolean
  readonly #verbose: boolean

  constructor(
    schedule: Schedule | ((index: number, rate: number) => number),
    options: LearningRateSchedulerOptions = {},
  ) {
    const owner = "LearningRateScheduler"
    checkKeys(owner, options, ["every", "verbose"])
    if (!(schedule instanceof Schedule) && typeof schedule !== "function") {
      throw new OptionError(`${owner}: needs a function of the epoch, or a schedule`)
    }
    this.#schedule = schedule instanceof Schedule ? index => schedule.at(index) : schedule
    this.#everyStep = checkChoice(owner, "every", options.every ?? "epoch", ["epoch", "step"]) === "step"
    this.#verbose = (options.verbose ?? 0) > 0
    if (this.#everyStep) this.onTrainBatchBegin = (_, trainer) => this.#set(trainer.step, trainer)
  }

  onTrainBegin(trainer: Trainer): void {
    requirePlainRate("LearningRateScheduler", trainer)
  }

  onEpochBegin(epoch: number, trainer: Trainer): void {
    if (this.#everyStep) return
    // An epoch that is gone on with in its midst has its rate already.
    if (trainer.position.batch === 0) this.#set(epoch, trainer)
    if (this.#verbose) {
      console.log(
        `Epoch ${epoch + 1}: LearningRateScheduler setting learning rate to ${trainer.optimizer.learningRate}.`,
      )
    }
  }

  #set(index: number, { optimizer }: Trainer): void {
    const rate = this.#schedule(index, optimizer.learningRate)
    optimizer.learningRate = checkNumber("LearningRateScheduler", "the rate", rate, { min: 0 })
  }

  onEpochEnd(_epoch: number, logs: Logs, trainer: Trainer): void {
    logs.learning_rate = trainer.optimizer.learningRate
  }
}
