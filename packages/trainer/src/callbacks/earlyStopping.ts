import { checkBoolean, checkKeys, checkNumber } from "@selvedge/core"
import type { Trainer } from "../trainer.ts"
import type { Callback, CallbackState, Logs } from "./callback.ts"
import { Monitor, type MonitorOptions, monitorKeys, orNull } from "./monitor.ts"

/** What `EarlyStopping` can be told. */
export interface EarlyStoppingOptions extends MonitorOptions {
  /** Epochs without improvement that are borne. Default 0. */
  readonly patience?: number
  /** What has to be beaten, too, for patience to begin anew. */
  readonly baseline?: number | null
  /** Puts the weights of the best epoch back in the end. Default false. */
  readonly restoreBestWeights?: boolean
  /** Epochs before this one do not count. Default 0. */
  readonly startFromEpoch?: number
  /** 1 says what it did. */
  readonly verbose?: 0 | 1
}

const keys = [...monitorKeys, "patience", "baseline", "restoreBestWeights", "startFromEpoch", "verbose"]

/**
 * Ends training when a number has stopped getting better. https://keras.io/api/callbacks/early_stopping/
 * @throws OptionError for an unknown or wrong option.
 */
export class EarlyStopping implements Callback {
  readonly name = "EarlyStopping"
  /** The best value so far. */
  best: number | null = null
  bestEpoch = 0
  /** The epoch that it stopped after; null when it did not. */
  stoppedEpoch: number | null = null
  readonly #monitor: Monitor
  readonly #patience: number
  readonly #baseline: number | null
  readonly #restores: boolean
  readonly #startFrom: number
  readonly #verbose: boolean
  #wait = 0
  #bestWeights: readonly Float32Array[] | null = null

  constructor(options: EarlyStoppingOptions = {}) {
    checkKeys("EarlyStopping", options, keys)
    const whole = { min: 0, integer: true }
    this.#monitor = new Monitor("EarlyStopping", options)
    this.#patience = checkNumber("EarlyStopping", "patience", options.patience ?? 0, whole)
    this.#baseline = orNull(options.baseline)
    this.#restores = checkBoolean("EarlyStopping", "restoreBestWeights", options.restoreBestWeights ?? false)
    this.#startFrom = checkNumber("EarlyStopping", "startFromEpoch", options.startFromEpoch ?? 0, whole)
    this.#verbose = (options.verbose ?? 0) > 0
  }

  onTrainBegin(): void {
    this.setState({ wait: 0, best: null, bestEpoch: 0, stoppedEpoch: null, bestWeights: null })
  }

  onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): void {
    const current = this.#monitor.value(logs, trainer)
    if (current === null || epoch < this.#startFrom) return
    if (this.#restores && this.#bestWeights === null) this.#keep(epoch, trainer)
    this.#wait++
    if (this.#monitor.improves(current, this.best, trainer)) {
      this.best = current
      this.#keep(epoch, trainer)
      if (this.#monitor.improves(current, this.#baseline, trainer)) this.#wait = 0
    } else if (this.#wait >= this.#patience && epoch > 0) {
      this.stoppedEpoch = epoch
      trainer.stopTraining = true
    }
  }

  #keep(epoch: number, trainer: Trainer): void {
    this.bestEpoch = epoch
    if (this.#restores) this.#bestWeights = trainer.model.getWeights()
  }

  onTrainEnd(_logs: Logs, trainer: Trainer): void {
    if (this.stoppedEpoch !== null && this.#verbose) console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`)
    if (this.#bestWeights === null) return
    if (this.#verbose) {
      console.log(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`)
    }
    trainer.model.setWeights(this.#bestWeights)
  }

  getState(): CallbackState {
    const { best, bestEpoch, stoppedEpoch } = this
    return { wait: this.#wait, best, bestEpoch, stoppedEpoch, bestWeights: this.#bestWeights }
  }

  setState(state: CallbackState): void {
    this.#wait = Number(state.wait)
    this.best = orNull(state.best)
    this.bestEpoch = Number(state.bestEpoch)
    this.stoppedEpoch = orNull(state.stoppedEpoch)
    const weights = state.bestWeights
    this.#bestWeights = Array.isArray(weights) ? weights : null
  }
}
