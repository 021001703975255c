import { checkBoolean, checkKeys, checkNumber, OptionError } from "@selvedge/core"
import { folderOf, nodeFiles } from "../nodeFiles.ts"
import type { Trainer } from "../trainer.ts"
import type { Callback, CallbackState, Logs } from "./callback.ts"
import { Monitor, type MonitorOptions, monitorKeys, orNull } from "./monitor.ts"

/** Writes a model, or whatever of a trainer is to be kept, to a file. */
export type Save = (trainer: Trainer, path: string) => void | Promise<void>

/** What `ModelCheckpoint` can be told. */
export interface ModelCheckpointOptions extends MonitorOptions {
  /** Where to: `{epoch}` (from 1), `{epoch:02d}`, `{batch}`, `{val_loss:.2f}` are filled in. */
  readonly filepath: string
  /** Writes the file. `formats` has a `ModelCheckpoint` that brings Keras's own. */
  readonly save: Save
  /** Writes only when the watched number is the best so far. Default false. */
  readonly saveBestOnly?: boolean
  /** `"epoch"`, or every so many batches. Default `"epoch"`. */
  readonly saveFreq?: "epoch" | number
  /** What has to be beaten first. */
  readonly initialValueThreshold?: number | null
  /** 1 says what it did. */
  readonly verbose?: 0 | 1
}

const checkpointKeys = [
  "filepath",
  "save",
  "saveBestOnly",
  "saveFreq",
  "initialValueThreshold",
  "verbose",
  ...monitorKeys,
]

/**
 * Saves the model after each epoch or every so many batches. https://keras.io/api/callbacks/model_checkpoint/
 * @throws OptionError for an unknown or wrong option.
 */
export class ModelCheckpoint implements Callback {
  readonly name = "ModelCheckpoint"
  /** There only when it saves between epochs. */
  readonly onTrainBatchEnd?: (batch: number, logs: Logs, trainer: Trainer) => Promise<void>
  readonly #monitor: Monitor
  readonly #options: ModelCheckpointOptions
  readonly #every: number | null
  #best: number | null
  #batches = 0

  constructor(options: ModelCheckpointOptions) {
    const owner = "ModelCheckpoint"
    checkKeys(owner, options, checkpointKeys)
    if (typeof options.filepath !== "string" || options.filepath === "") {
      throw new OptionError(`${owner}: filepath must name a file`)
    }
    if (typeof options.save !== "function") {
      throw new OptionError(`${owner}: save must be a function that writes the file`, {
        hint: "the ModelCheckpoint of formats writes Keras's files",
      })
    }
    checkBoolean(owner, "saveBestOnly", options.saveBestOnly ?? false)
    const { saveFreq = "epoch" } = options
    this.#every = saveFreq === "epoch" ? null : checkNumber(owner, "saveFreq", saveFreq, { min: 1, integer: true })
    this.#monitor = new Monitor(owner, options)
    this.#options = options
    this.#best = orNull(options.initialValueThreshold)
    if (this.#every !== null) this.onTrainBatchEnd = (batch, logs, trainer) => this.#afterBatch(batch, logs, trainer)
  }

  async onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): Promise<void> {
    if (this.#every === null) await this.#save(epoch, null, logs, trainer)
  }

  async #afterBatch(batch: number, logs: Logs, trainer: Trainer): Promise<void> {
    this.#batches++
    if (this.#batches < (this.#every ?? 1)) return
    this.#batches = 0
    await this.#save(trainer.position.epoch, batch, logs, trainer)
  }

  async #save(epoch: number, batch: number | null, logs: Logs, trainer: Trainer): Promise<void> {
    const { saveBestOnly, verbose, filepath, save } = this.#options
    const path = fillTemplate(filepath, { ...logs, epoch: epoch + 1, ...(batch === null ? {} : { batch: batch + 1 }) })
    const say = (text: string) => verbose && console.log(`Epoch ${epoch + 1}: ${text}`)
    if (saveBestOnly) {
      const current = this.#monitor.value(logs, trainer)
      if (current === null) return
      if (!this.#monitor.improves(current, this.#best, trainer)) {
        say(`${this.#monitor.name} did not improve from ${this.#best?.toFixed(5)}`)
        return
      }
      say(`${this.#monitor.name} improved from ${this.#best?.toFixed(5) ?? "None"} to ${current.toFixed(5)}`)
      this.#best = current
    }
    await save(trainer, path)
    say(`saved the model to ${path}`)
  }

  getState(): CallbackState {
    return { best: this.#best, batches: this.#batches }
  }

  setState(state: CallbackState): void {
    this.#best = orNull(state.best)
    this.#batches = Number(state.batches)
  }
}

/**
 * Python's `{name}`, `{name:02d}` and `{name:.2f}` filled in.
 * @throws OptionError for a name that has no value.
 */
export function fillTemplate(template: string, values: Logs): string {
  return template.replace(/\{(\w+)(?::0?(\d*)(d)|:\.?(\d*)f)?\}/g, (_, name: string, width, whole, digits) => {
    const value = values[name]
    if (value === undefined) {
      throw new OptionError(`ModelCheckpoint: "{${name}}" has no value`, {
        facts: { available: Object.keys(values).join(", ") },
      })
    }
    if (whole) return String(Math.round(value)).padStart(Number(width || 0), "0")
    return digits === undefined ? String(value) : value.toFixed(Number(digits || 6))
  })
}

/** What `CSVLogger` can be told. */
export interface CSVLoggerOptions {
  readonly filename: string
  /** Default `","`. */
  readonly separator?: string
  /** Goes on with a file that is there. A resumed run does so in any case. Default false. */
  readonly append?: boolean
}

/**
 * Writes the numbers of each epoch as a row of a CSV file. After `resume` it goes on with its file; rows of epochs that
 * are run again are replaced. https://keras.io/api/callbacks/csv_logger/
 * @throws OptionError for an unknown or wrong option.
 */
export class CSVLogger implements Callback {
  readonly name = "CSVLogger"
  readonly #options: Required<CSVLoggerOptions>
  #columns: readonly string[] | null = null
  /** The epochs whose rows stay when a resumed run goes on; null in a run from the beginning. */
  #resumedAfter: number | null = null
  #last = -1

  constructor(options: CSVLoggerOptions) {
    checkKeys("CSVLogger", options, ["filename", "separator", "append"])
    const { filename, separator = ",", append = false } = options
    if (typeof filename !== "string" || filename === "") throw new OptionError("CSVLogger: filename must name a file")
    this.#options = { filename, separator, append: checkBoolean("CSVLogger", "append", append) }
  }

  onTrainBegin(): void {
    this.#columns = null
    this.#resumedAfter = null
    this.#last = -1
  }

  async onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): Promise<void> {
    const { appendFile } = nodeFiles("CSVLogger")
    this.#columns ??= await this.#begin(logs, trainer)
    const row = this.#columns.map(name => (name === "epoch" ? epoch : (logs[name] ?? "NA")))
    await appendFile(this.#options.filename, `${row.join(this.#options.separator)}\n`)
    this.#last = epoch
  }

  /** Makes the file ready, and gives the columns: those of the file where it is gone on with. */
  async #begin(logs: Logs, trainer: Trainer): Promise<readonly string[]> {
    const { mkdir, readFile, writeFile } = nodeFiles("CSVLogger")
    const { filename, separator, append } = this.#options
    await mkdir(folderOf(filename), { recursive: true })
    const old = append || this.#resumedAfter !== null ? await readFile(filename, "utf8").catch(() => "") : ""
    const [head, ...rows] = old.split("\n").filter(line => line !== "")
    if (head !== undefined) {
      const after = this.#resumedAfter
      const kept = after === null ? rows : rows.filter(row => Number(row.split(separator)[0]) <= after)
      await writeFile(filename, `${[head, ...kept].join("\n")}\n`)
      return head.split(separator)
    }
    const names = Object.keys(logs).sort()
    // An epoch that is not validated comes before one that is: there must be room for its numbers.
    const missing = trainer.run?.hasValidation && !names.some(name => name.startsWith("val_"))
    const columns = ["epoch", ...names, ...(missing ? names.map(name => `val_${name}`) : [])]
    await writeFile(filename, `${columns.join(separator)}\n`)
    return columns
  }

  getState(): CallbackState {
    return { last: this.#last }
  }

  setState(state: CallbackState): void {
    this.#resumedAfter = Number(state.last)
    this.#last = this.#resumedAfter
  }
}

/** What `BackupAndRestore` can be told. */
export interface BackupAndRestoreOptions {
  /** The folder of the checkpoint. */
  readonly backupDir: string
  /** `"epoch"`, or every so many batches. Default `"epoch"`. */
  readonly saveFreq?: "epoch" | number
  /** Removes the checkpoint when the run has come to its end. Default true. */
  readonly deleteCheckpoint?: boolean
}

/**
 * Makes a run that is killed go on: it keeps a checkpoint, and a `fit` that finds one begins from it and ends in the same
 * bits. https://keras.io/api/callbacks/backup_and_restore/
 * @throws OptionError for an unknown or wrong option.
 */
export class BackupAndRestore implements Callback {
  /** After all others, whose states it keeps. */
  readonly last = true
  /** There only when it saves between epochs. */
  readonly onTrainBatchEnd?: (batch: number, logs: Logs, trainer: Trainer) => Promise<void>
  /** The file. */
  readonly path: string
  readonly #deletes: boolean

  constructor(options: BackupAndRestoreOptions) {
    const owner = "BackupAndRestore"
    checkKeys(owner, options, ["backupDir", "saveFreq", "deleteCheckpoint"])
    const { backupDir, saveFreq = "epoch", deleteCheckpoint = true } = options
    if (typeof backupDir !== "string" || backupDir === "")
      throw new OptionError(`${owner}: backupDir must name a folder`)
    this.path = `${backupDir.replace(/[/\\]+$/, "")}/training.checkpoint`
    this.#deletes = checkBoolean(owner, "deleteCheckpoint", deleteCheckpoint)
    if (saveFreq !== "epoch") {
      const every = checkNumber(owner, "saveFreq", saveFreq, { min: 1, integer: true })
      this.onTrainBatchEnd = async (_batch, _logs, trainer) => {
        if (trainer.step % every === 0) await trainer.checkpoint(this.path)
      }
    }
  }

  async onTrainBegin(trainer: Trainer): Promise<void> {
    const { access } = nodeFiles("BackupAndRestore")
    const exists = await access(this.path).then(
      () => true,
      () => false,
    )
    if (exists) await trainer.resume(this.path)
  }

  async onEpochEnd(_epoch: number, _logs: Logs, trainer: Trainer): Promise<void> {
    await trainer.checkpoint(this.path)
  }

  async onTrainEnd(): Promise<void> {
    const { rm } = nodeFiles("BackupAndRestore")
    if (this.#deletes) await rm(this.path, { force: true })
  }
}
