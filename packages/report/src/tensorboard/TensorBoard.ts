import { join } from "node:path"
import { checkBoolean, checkKeys, checkNumber, describe, OptionError } from "@selvedge/core"
import type { Callback, Logs, Trainer } from "@selvedge/trainer"
import { gradientOf } from "../gradientOf.ts"
import { EventWriter } from "./EventWriter.ts"

/** What {@link TensorBoard} can be told. */
export interface TensorBoardOptions {
  /** Folder of the run; its files go into `train` and `validation` in it. Default `"logs"`. */
  readonly logDir?: string
  /** Every so many epochs the histograms of all weights and of their gradients; 0 for none. Default 0. */
  readonly histogramFreq?: number
  /** `"epoch"` for numbers of epochs alone; `"batch"`, or every so many steps, for those of batches as well. Default `"epoch"`. */
  readonly updateFreq?: "epoch" | "batch" | number
  /** Adds how many steps an epoch made a second. Default false. */
  readonly writeStepsPerSecond?: boolean
}

/**
 * Writes event files for TensorBoard, under Keras's tags: `epoch_loss`, `epoch_learning_rate`, ... by epoch, those of
 * validation in a file of their own under the same tags; `batch_loss`, ... by training step (the means since the epoch
 * began); `evaluation_loss_vs_iterations`; histograms `dense/kernel/histogram` of the weights after an epoch and
 * `dense/kernel/gradient` of the gradient in its last step. A resumed run goes on in further files, which TensorBoard joins.
 * Keras's graph, images, embeddings and profile are not written. https://keras.io/api/callbacks/tensorboard/
 *
 * @throws OptionError for an unknown or wrong option; `fit` rejects with the error of a file that cannot be written.
 */
export class TensorBoard implements Callback {
  readonly name = "TensorBoard"
  /** There only when it writes between epochs. */
  readonly onTrainBatchEnd?: (batch: number, logs: Logs, trainer: Trainer) => void
  readonly #logDir: string
  readonly #histogramFreq: number
  readonly #timed: boolean
  readonly #writers = new Map<string, EventWriter>()
  /** Where the epoch began: milliseconds and step. */
  #begin = { time: 0, step: 0 }
  #training = false
  /** The epoch whose histograms are written. */
  #drawn = -1

  constructor(options: TensorBoardOptions = {}) {
    const owner = "TensorBoard"
    checkKeys(owner, options, ["logDir", "histogramFreq", "updateFreq", "writeStepsPerSecond"])
    const { logDir = "logs", histogramFreq = 0, updateFreq = "epoch", writeStepsPerSecond = false } = options
    if (typeof logDir !== "string" || logDir === "") {
      throw new OptionError(`${owner}: logDir must be a folder, got ${describe(logDir)}`)
    }
    this.#logDir = logDir
    this.#histogramFreq = checkNumber(owner, "histogramFreq", histogramFreq, { integer: true, min: 0 })
    this.#timed = checkBoolean(owner, "writeStepsPerSecond", writeStepsPerSecond)
    if (updateFreq === "epoch") return
    const every = updateFreq === "batch" ? 1 : checkNumber(owner, "updateFreq", updateFreq, { integer: true, min: 1 })
    this.onTrainBatchEnd = (_, logs, trainer) => {
      if (trainer.step % every === 0) this.#scalars("train", "batch_", withRate(logs, trainer), trainer.step)
    }
  }

  onTrainBegin(): void {
    this.#training = true
    this.#drawn = -1
  }

  onEpochBegin(_epoch: number, trainer: Trainer): void {
    this.#begin = { time: performance.now(), step: trainer.step }
  }

  // The steps of validation end the life of the gradients, so they are taken down before.
  onTestBegin(trainer: Trainer): void {
    if (this.#training) this.#histograms(trainer.position.epoch, trainer)
  }

  async onTestEnd(logs: Logs, trainer: Trainer): Promise<void> {
    const named = Object.entries(logs).map(([name, value]): [string, number] => [`${name}_vs_iterations`, value])
    this.#scalars("validation", "evaluation_", Object.fromEntries(named), trainer.optimizer.iterations)
    if (!this.#training) await this.#writer("validation").flush()
  }

  async onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): Promise<void> {
    const all = Object.entries(withRate(logs, trainer))
    const part = (validation: boolean) => Object.fromEntries(all.filter(([n]) => n.startsWith("val_") === validation))
    const { time, step } = this.#begin
    const seconds = (performance.now() - time) / 1000
    const speed = this.#timed ? { steps_per_second: (trainer.step - step) / seconds } : {}
    this.#scalars("train", "epoch_", { ...part(false), ...speed }, epoch)
    this.#scalars("validation", "epoch_", part(true), epoch)
    this.#histograms(epoch, trainer)
    for (const writer of this.#writers.values()) await writer.flush()
  }

  async onTrainEnd(): Promise<void> {
    this.#training = false
    for (const writer of this.#writers.values()) await writer.close()
    this.#writers.clear()
  }

  #histograms(epoch: number, trainer: Trainer): void {
    const { optimizer, model } = trainer
    if (this.#drawn === epoch || this.#histogramFreq === 0 || epoch % this.#histogramFreq !== 0) return
    this.#drawn = epoch
    for (const weight of model.weights) {
      this.#writer("train").histogram(`${weight.name}/histogram`, weight.read(), epoch)
      const gradient = gradientOf(weight, optimizer)
      if (gradient) this.#writer("train").histogram(`${weight.name}/gradient`, gradient, epoch)
    }
  }

  #scalars(part: string, prefix: string, logs: Logs, step: number): void {
    for (const [name, value] of Object.entries(logs)) {
      this.#writer(part).scalar(prefix + name.replace(/^val_/, ""), value, step)
    }
  }

  #writer(part: string): EventWriter {
    const writer = this.#writers.get(part) ?? new EventWriter(join(this.#logDir, part))
    this.#writers.set(part, writer)
    return writer
  }
}

const withRate = (logs: Logs, { optimizer }: Trainer): Logs => ({ ...logs, learning_rate: optimizer.learningRate })
