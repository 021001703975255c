import type { Trainer } from "../trainer.ts"

/** The numbers of a batch or an epoch: `loss`, metrics, `val_loss`, ... */
export type Logs = Record<string, number>

/** What a callback wants to keep in a checkpoint: plain values and typed arrays, nested as you like. */
export type CallbackState = Readonly<Record<string, unknown>>

type Hook = void | Promise<void>

/**
 * Whatever wants to be told how training goes: an object with any of these. A hook may be async; `fit` waits for it.
 * Epochs and batches count from 0. An error that a hook throws ends `fit`, the model staying as the last step left it.
 * In a hook `trainer` can be told to stop (`stopTraining = true`), its optimizer's rate can be changed, its model read;
 * `trainer.model.weights[i].grad` is the gradient of the step that has just been made, from `onTrainBatchEnd`.
 */
export interface Callback {
  /** Runs after all others in every hook: for what saves their state. */
  readonly last?: boolean
  /** Its name among the states in a checkpoint; the class's when left out. */
  readonly name?: string
  onTrainBegin?(trainer: Trainer): Hook
  onTrainEnd?(logs: Logs, trainer: Trainer): Hook
  onEpochBegin?(epoch: number, trainer: Trainer): Hook
  onEpochEnd?(epoch: number, logs: Logs, trainer: Trainer): Hook
  onTrainBatchBegin?(batch: number, trainer: Trainer): Hook
  onTrainBatchEnd?(batch: number, logs: Logs, trainer: Trainer): Hook
  onTestBegin?(trainer: Trainer): Hook
  onTestEnd?(logs: Logs, trainer: Trainer): Hook
  onTestBatchBegin?(batch: number, trainer: Trainer): Hook
  onTestBatchEnd?(batch: number, logs: Logs, trainer: Trainer): Hook
  onPredictBegin?(trainer: Trainer): Hook
  onPredictEnd?(trainer: Trainer): Hook
  onPredictBatchBegin?(batch: number, trainer: Trainer): Hook
  onPredictBatchEnd?(batch: number, trainer: Trainer): Hook
  /** Its state, for a checkpoint. */
  getState?(): CallbackState
  /** Takes back the state that a checkpoint held. */
  setState?(state: CallbackState): void
}

/** A callback from functions: `new LambdaCallback({ onEpochEnd: (epoch, logs) => ... })`. */
export class LambdaCallback implements Callback {
  constructor(hooks: Callback) {
    Object.assign(this, hooks)
  }
}
