import { appendFile, mkdir } from "node:fs/promises"
import { hostname } from "node:os"
import { join } from "node:path"
import { checkKeys, checkNumber, describe, OptionError } from "@selvedge/core"
import { type SummaryValue, summarizeHistogram, summaryEvent, versionEvent } from "./events.ts"
import { tfRecord } from "./record.ts"

/** Options of {@link EventWriter}. */
export interface EventWriterOptions {
  /** The time written into events, in seconds since 1970. By default the clock; it enters no other number. */
  readonly wallTime?: () => number
  /** End of the file's name. */
  readonly suffix?: string
}

let writers = 0
const flushAt = 256 * 1024

/**
 * Writes a TensorBoard event file: scalars and histograms by tag and step. The directory is the run; several files in it are
 * read as one. Calls return at once and keep the events in memory; {@link EventWriter.flush} brings them to disk, and so
 * does every quarter of a megabyte.
 *
 * @throws OptionError for a bad directory or an unknown option
 */
export class EventWriter {
  /** The file, made at the first flush: `events.out.tfevents.SECONDS.HOST.PROCESS.NUMBER`. */
  readonly path: string
  readonly #directory: string
  readonly #wallTime: () => number
  #pending: Uint8Array[] = []
  #bytes = 0
  #writing: Promise<void> = Promise.resolve()
  #failure: unknown
  #closed = false

  constructor(directory: string, options: EventWriterOptions = {}) {
    checkKeys("EventWriter", options, ["wallTime", "suffix"])
    if (typeof directory !== "string" || directory === "") {
      throw new OptionError(`EventWriter: directory must be a path, got ${describe(directory)}`)
    }
    this.#directory = directory
    this.#wallTime = options.wallTime ?? (() => Date.now() / 1000)
    const now = this.#wallTime()
    const seconds = String(Math.floor(now)).padStart(10, "0")
    const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${writers++}${options.suffix ?? ""}`
    this.path = join(directory, name)
    this.#add(versionEvent(now))
  }

  /**
   * Adds a number; NaN and infinities too, which TensorBoard marks. Stored as float32.
   * @throws OptionError for an empty tag, a step that is no integer >= 0, or after {@link EventWriter.close}
   */
  scalar(tag: string, value: number, step: number): void {
    if (typeof value !== "number") throw new OptionError(`EventWriter: ${tag} must be a number, got ${describe(value)}`)
    this.#summary(step, { tag, scalar: value })
  }

  /**
   * Adds the distribution of `values` in `buckets` equally wide buckets. NaN and infinite values are left out; when there are
   * no others nothing is written.
   * @throws OptionError as {@link EventWriter.scalar}
   */
  histogram(tag: string, values: ArrayLike<number>, step: number, buckets = 30): void {
    checkNumber("EventWriter", "buckets", buckets, { integer: true, min: 1, max: 1000 })
    const histogram = summarizeHistogram(values, buckets)
    if (histogram) this.#summary(step, { tag, histogram })
  }

  /** Resolves when all that was added is in the file. Rejects with the first error of writing. */
  async flush(): Promise<void> {
    this.#write()
    await this.#writing
    if (this.#failure !== undefined) throw this.#failure
  }

  /** Flushes; later calls are refused. */
  async close(): Promise<void> {
    this.#closed = true
    await this.flush()
  }

  #summary(step: number, value: SummaryValue): void {
    if (this.#closed) throw new OptionError("EventWriter: the writer is closed")
    if (typeof value.tag !== "string" || value.tag === "") throw new OptionError("EventWriter: a tag must be a text")
    checkNumber("EventWriter", "step", step, { integer: true, min: 0 })
    this.#add(summaryEvent(this.#wallTime(), step, value))
  }

  #add(event: Uint8Array): void {
    const record = tfRecord(event)
    this.#pending.push(record)
    this.#bytes += record.length
    if (this.#bytes >= flushAt) this.#write()
  }

  #write(): void {
    if (this.#pending.length === 0) return
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#bytes = 0
    this.#writing = this.#writing.then(() => this.#append(bytes))
  }

  async #append(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) return
    try {
      await mkdir(this.#directory, { recursive: true })
      await appendFile(this.path, bytes)
    } catch (error) {
      this.#failure = error
    }
  }
}
