import type { Output } from "@selvedge/trainer"
import { type Job, nameOf } from "./jobs.ts"
import type { Progress } from "./watch.ts"

/** A run on the board. */
interface Running {
  readonly job: Job
  readonly began: number
  /** Share of it that is done, and where it was when this process took it up. */
  share: number
  first: number | null
  text: string
}

/** What the board is told beforehand. */
export interface BoardOptions {
  /** About how long each job takes, in any unit; used to tell how long all take. */
  readonly weight: (job: Job) => number
  readonly output: Output & { readonly columns?: number }
  /** The time in milliseconds. */
  readonly now?: () => number
}

/** Milliseconds between two drawings on a terminal, and between two lines elsewhere. */
const drawEvery = 200
const lineEvery = 15_000

/** Shows how far the whole and each run is, with the time left: redrawn on a terminal, elsewhere a line now and then. */
export class Board {
  readonly #options: BoardOptions
  readonly #now: () => number
  readonly #began: number
  readonly #running = new Map<string, Running>()
  readonly #all: readonly Job[]
  #done = 0
  #doneWeight = 0
  #lines = 0
  #drawn = 0

  constructor(jobs: readonly Job[], options: BoardOptions) {
    this.#all = jobs
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
    this.#began = this.#now()
    this.#drawn = this.#began
  }

  started(job: Job): void {
    this.#running.set(nameOf(job), { job, began: this.#now(), share: 0, first: null, text: "starting" })
    this.#draw()
  }

  progress(job: Job, { part, epoch, epochs, batch, batches, logs }: Progress): void {
    const run = this.#running.get(nameOf(job))
    if (!run) return
    run.share = Math.min(1, (epoch + batch / Math.max(1, batches)) / Math.max(1, epochs))
    run.first ??= run.share
    const { val_accuracy } = logs
    const accuracy = val_accuracy === undefined ? "" : `  val_accuracy ${val_accuracy.toFixed(4)}`
    run.text = `${part ? `${part}, ` : ""}epoch ${Math.min(epoch + 1, epochs)}/${epochs}${accuracy}`
    this.#draw()
  }

  /** A run has come to an end: `lines` say what it was. */
  ended(job: Job, lines: readonly string[]): void {
    this.#running.delete(nameOf(job))
    this.#done++
    this.#doneWeight += this.#options.weight(job)
    this.print(lines)
  }

  /** Prints lines above the board. */
  print(lines: readonly string[]): void {
    this.#clear()
    for (const line of lines) this.#options.output.write(`${line}\n`)
    this.#draw(true)
  }

  /** Takes the board away. */
  close(): void {
    this.#clear()
  }

  #draw(now = false): void {
    const { output } = this.#options
    const time = this.#now()
    if (!output.isTTY) {
      if (time - this.#drawn < lineEvery || this.#running.size === 0) return
      output.write(`${this.#text().join("; ").replaceAll(";   ", "; ")}\n`)
    } else {
      if (!now && time - this.#drawn < drawEvery) return
      this.#clear()
      // A line that wraps would count as one and leave its rest behind.
      const width = output.columns ?? 80
      const lines = this.#done < this.#all.length ? this.#text().map(line => line.slice(0, width - 1)) : []
      for (const line of lines) output.write(`${line}\n`)
      this.#lines = lines.length
    }
    this.#drawn = time
  }

  #clear(): void {
    // From the beginning of the line: a terminal writes ^C where it stands.
    if (this.#lines > 0) this.#options.output.write(`\r\u001b[${this.#lines}A\u001b[J`)
    this.#lines = 0
  }

  #text(): string[] {
    const runs = [...this.#running.values()].map(run => {
      const { key, seed } = run.job
      return `  ${key} ${seed}: ${run.text}${leftText(this.#leftOf(run))}`
    })
    return [`${this.#done} of ${this.#all.length} runs done${leftText(this.#left())}`, ...runs]
  }

  #leftOf({ share, first, began }: Running): number | null {
    const done = share - (first ?? 0)
    return done > 0.01 ? (((this.#now() - began) / done) * (1 - share)) / 1000 : null
  }

  /** Seconds left for all, as fast as it went so far. */
  #left(): number | null {
    const { weight } = this.#options
    const running = [...this.#running.values()].reduce((sum, { job, share }) => sum + share * weight(job), 0)
    const done = this.#doneWeight + running
    const total = this.#all.reduce((sum, job) => sum + weight(job), 0)
    const seconds = (this.#now() - this.#began) / 1000
    return done > 0.01 * total ? (seconds / done) * (total - done) : null
  }
}

const leftText = (seconds: number | null) => (seconds === null ? "" : `, ${formatTime(seconds)} left`)

/** `1:02:03`, `2:03` or `3 s`. */
export function formatTime(seconds: number): string {
  const whole = Math.round(seconds)
  const two = (n: number) => String(n).padStart(2, "0")
  if (whole >= 3600) return `${Math.floor(whole / 3600)}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`
  return whole >= 60 ? `${Math.floor(whole / 60)}:${two(whole % 60)}` : `${whole} s`
}
