import type { Trainer } from "../trainer.ts"
import type { Callback, Logs } from "./callback.ts"

/** Where progress is written. */
export interface Output {
  readonly isTTY?: boolean
  write(text: string): unknown
}

/** What `Progress` can be told. */
export interface ProgressOptions {
  /** 1 draws a bar on a terminal; 2, and 1 elsewhere, write a line per epoch. */
  readonly verbose?: 1 | 2
  /** Default: standard output. */
  readonly output?: Output
  /** The time in milliseconds, for tests. */
  readonly now?: () => number
}

const WIDTH = 20
const INTERVAL = 50
const bold = (text: string) => `\u001b[1m${text}\u001b[0m`
const green = (text: string) => `\u001b[32m${text}\u001b[0m`
const grey = (text: string) => `\u001b[37m${text}\u001b[0m`

/** A number as Keras shows it: four digits after the point, or with an exponent when it is small. */
export function formatValue(value: number): string {
  if (Math.abs(value) > 1e-3 || value === 0) return value.toFixed(4)
  return value.toExponential(4).replace(/e([+-])(\d)$/, "e$10$2")
}

/** `loss: 0.4821 - accuracy: 0.8312`. */
export function formatLogs(logs: Logs): string {
  return Object.entries(logs)
    .map(([name, value]) => `${name}: ${formatValue(value)}`)
    .join(" - ")
}

/** `3ms/step`, `2s/step`, `340us/step`. */
export function formatStepTime(milliseconds: number): string {
  if (milliseconds >= 1000 || milliseconds === 0) return `${(milliseconds / 1000).toFixed(0)}s/step`
  return milliseconds >= 1 ? `${milliseconds.toFixed(0)}ms/step` : `${(milliseconds * 1000).toFixed(0)}us/step`
}

function formatLeft(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000)
  const two = (n: number) => String(n).padStart(2, "0")
  if (seconds > 3600) {
    return `${Math.floor(seconds / 3600)}:${two(Math.floor((seconds % 3600) / 60))}:${two(seconds % 60)}`
  }
  return seconds > 60 ? `${Math.floor(seconds / 60)}:${two(seconds % 60)}` : `${seconds}s`
}

/**
 * Keras's progress: on a terminal a bar with step, time left, time per step and numbers, elsewhere one line per epoch.
 * It is part of every `fit` with `verbose` 1 or 2.
 */
export class Progress implements Callback {
  readonly name = "Progress"
  /** Drawn batch by batch only where a bar is shown: elsewhere it costs nothing. */
  readonly onTrainBatchEnd?: (batch: number, logs: Logs, trainer: Trainer) => void
  readonly #output: Output | null
  readonly #now: () => number
  readonly #bar: boolean
  #epochStart = 0
  #lastDrawn = 0
  #steps = 0
  #width = 0

  constructor(options: ProgressOptions = {}) {
    this.#output = options.output ?? standardOutput()
    this.#now = options.now ?? (() => performance.now())
    this.#bar = (options.verbose ?? 1) === 1 && this.#output?.isTTY === true
    if (this.#bar) this.onTrainBatchEnd = (batch, logs, trainer) => this.#step(batch, logs, trainer)
  }

  onEpochBegin(epoch: number, trainer: Trainer): void {
    this.#epochStart = this.#now()
    this.#lastDrawn = 0
    this.#width = 0
    this.#steps = trainer.position.batch
    if (this.#bar) this.#write(`${bold(`Epoch ${epoch + 1}/${trainer.params?.epochs}`)}\n`)
  }

  onEpochEnd(epoch: number, logs: Logs, trainer: Trainer): void {
    const steps = trainer.params?.steps ?? this.#steps
    const elapsed = this.#now() - this.#epochStart
    const perStep = elapsed / Math.max(1, steps)
    const seconds = `${(elapsed / 1000).toFixed(0)}s`
    const numbers = formatLogs(logs)
    if (this.#bar) {
      this.#draw(
        `${bar(steps, trainer.params?.steps ?? null)} ${bold(seconds)} ${formatStepTime(perStep)} - ${numbers}\n`,
      )
      return
    }
    const count = steps > 0 ? `${steps}/${steps} - ` : ""
    const head = `Epoch ${epoch + 1}/${trainer.params?.epochs}`
    this.#write(`${head} - ${count}${seconds} - ${formatStepTime(perStep)} - ${numbers}\n`)
  }

  #step(batch: number, logs: Logs, trainer: Trainer): void {
    this.#steps = batch + 1
    const now = this.#now()
    const total = trainer.params?.steps ?? null
    // The last step's line is drawn with the validation numbers, at the end of the epoch.
    if (now - this.#lastDrawn < INTERVAL && batch + 1 !== total) return
    this.#lastDrawn = now
    const perStep = (now - this.#epochStart) / (batch + 1)
    const left =
      total === null ? `${((now - this.#epochStart) / 1000).toFixed(0)}s` : formatLeft(perStep * (total - batch - 1))
    this.#draw(`${bar(batch + 1, total)} ${bold(left)} ${formatStepTime(perStep)} - ${formatLogs(logs)}`)
  }

  /** Writes a line over the one before. */
  #draw(line: string): void {
    const width = visibleLength(line)
    this.#write(
      `\r${line.replace(/\n$/, "")}${" ".repeat(Math.max(0, this.#width - width))}${line.endsWith("\n") ? "\n" : ""}`,
    )
    this.#width = width
  }

  #write(text: string): void {
    if (this.#output) this.#output.write(text)
    else console.log(text.replace(/\n$/, ""))
  }
}

function bar(step: number, total: number | null): string {
  if (total === null) return `${String(step).padStart(7)}/Unknown`
  const done = Math.floor((WIDTH * step) / Math.max(1, total))
  const count = `${String(step).padStart(String(total).length)}/${total}`
  return `${bold(count)} ${green("━".repeat(done))}${grey("━".repeat(WIDTH - done))}`
}

/** How many columns a line takes: colours take none. */
function visibleLength(line: string): number {
  return line
    .split("\u001b")
    .map((part, i) => (i === 0 ? part : part.slice(part.indexOf("m") + 1)))
    .join("")
    .replace(/\n$/, "").length
}

/** Standard output where there is one: not in a browser. */
function standardOutput(): Output | null {
  return typeof process === "object" && process.stdout ? process.stdout : null
}
