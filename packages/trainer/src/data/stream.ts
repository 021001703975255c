import { describe, OptionError } from "@selvedge/core"
import { asColumns } from "./arrays.ts"
import type { DatasetBatch } from "./dataset.ts"
import { type Batch, type Feed, type FeedOptions, loadBatch } from "./feed.ts"

/** Batches one after the other: from a generator, a file, a network. */
export type BatchIterable = Iterable<unknown> | AsyncIterable<unknown>

/** Batches that can be asked for again, epoch by epoch. */
export type BatchSource = (epoch: number) => BatchIterable

/** How many batches are asked for ahead of the step that runs. */
const AHEAD = 2

/** True for what can be iterated and is not a list of numbers. */
export function isIterable(value: unknown): value is BatchIterable {
  if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return false
  return Symbol.asyncIterator in value || Symbol.iterator in value
}

/** A feed over batches that come one after the other; two are made ahead while a step runs. */
export class StreamFeed implements Feed {
  readonly length = null
  readonly steps: number | null
  readonly oneShot: string | null
  readonly #source: BatchIterable | BatchSource
  readonly #options: FeedOptions
  #running: AsyncIterator<unknown> | null = null

  constructor(source: BatchIterable | BatchSource, options: FeedOptions) {
    this.#source = source
    this.#options = options
    this.steps = options.stepsPerEpoch
    this.oneShot = typeof source === "function" ? null : "an iterator can be used once: give a function of the epoch"
  }

  async *epoch(epoch: number, from: number): AsyncIterable<Batch> {
    const iterator = prefetched(this.#iterator(epoch))
    let first = 0
    try {
      for (let step = 0; this.steps === null || step < this.steps; step++) {
        const next = await iterator.next()
        if (next.done) {
          if (this.steps !== null) throw tooFew(epoch, step, this.steps)
          break
        }
        const batch = this.#batch(next.value, first)
        first += batch.size
        if (step >= from) yield batch
      }
    } finally {
      // A source asked anew each epoch is closed; one that goes on over epochs stays open.
      if (typeof this.#source === "function") await iterator.return?.()
    }
  }

  #iterator(epoch: number): AsyncIterator<unknown> {
    if (typeof this.#source === "function") return asyncIterator(this.#source(epoch))
    this.#running ??= asyncIterator(this.#source)
    return this.#running
  }

  #batch(value: unknown, first: number): Batch {
    const batch = asDatasetBatch(value)
    const size = asColumns("x", batch.x, this.#options.inputNames)[0]!.length
    return { size, first, load: () => loadBatch(batch, size, this.#options) }
  }
}

function asDatasetBatch(value: unknown): DatasetBatch {
  if (Array.isArray(value) && value.length >= 1 && value.length <= 3) {
    return { x: value[0], y: value[1], sampleWeight: value[2] }
  }
  if (typeof value === "object" && value !== null && "x" in value) return value as DatasetBatch
  throw new OptionError(`fit: a batch is { x, y, sampleWeight } or [x, y, sampleWeight], got ${describe(value)}`)
}

function asyncIterator(source: BatchIterable): AsyncIterator<unknown> {
  if (Symbol.asyncIterator in source) return source[Symbol.asyncIterator]()
  const iterator = source[Symbol.iterator]()
  return {
    next: async () => iterator.next(),
    return: async () => iterator.return?.() ?? { done: true, value: undefined },
  }
}

const tooFew = (epoch: number, got: number, wanted: number) =>
  new OptionError(`fit: the data ended after ${got} of ${wanted} batches of epoch ${epoch + 1}`, {
    hint: "give more data, fewer stepsPerEpoch, or a function of the epoch that begins anew each time",
  })

/** Asks for batches before they are needed, and gives them in order. */
function prefetched(source: AsyncIterator<unknown>): AsyncIterator<unknown> {
  const waiting: Promise<IteratorResult<unknown>>[] = []
  const ask = () => {
    const next = source.next()
    // Looked at later, when its turn comes; until then its failure is nobody's.
    next.catch(() => {})
    waiting.push(next)
  }
  return {
    next: async () => {
      while (waiting.length <= AHEAD) ask()
      return waiting.shift()!
    },
    return: async () => source.return?.() ?? { done: true, value: undefined },
  }
}
