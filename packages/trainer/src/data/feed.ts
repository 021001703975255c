import { OptionError, type Shape, ShapeError, stream, type Tensor, wrap } from "@selvedge/core"
import { asColumns, gatherAll } from "./arrays.ts"
import type { Column, Dataset, DatasetBatch } from "./dataset.ts"

/** The tensors of a step: one per input, one per output, and weights per sample for each output. */
export interface Loaded {
  readonly x: readonly Tensor[]
  /** Empty when there are no targets. */
  readonly y: readonly Tensor[]
  readonly sampleWeight: readonly (Tensor | null)[]
}

/** The examples of one step. `load` makes the tensors, inside the step, so that they may live in its memory. */
export interface Batch {
  /** How many examples it has. */
  readonly size: number
  /** Where it stands among the epoch's examples. */
  readonly first: number
  load(): Loaded
}

/** Batches, epoch by epoch. */
export interface Feed {
  /** How many examples there are; null when not known. */
  readonly length: number | null
  /** How many batches an epoch has; null when not known. */
  readonly steps: number | null
  /** Why a run over it cannot be resumed; null when it can. */
  readonly oneShot: string | null
  /** The batches of an epoch, from number `from` on. */
  epoch(epoch: number, from: number): Iterable<Batch> | AsyncIterable<Batch>
}

/** What a feed needs to know about the run. */
export interface FeedOptions {
  readonly batchSize: number
  readonly stepsPerEpoch: number | null
  /** The seed of the order; null keeps the order. */
  readonly shuffleSeed: number | null
  readonly inputNames: readonly string[]
  readonly outputNames: readonly string[]
  /** Makes weights per sample from targets; null without class weights. */
  readonly weigh: ((y: Part) => Float32Array) | null
}

/** Numbers of a batch and their shape. */
export interface Part {
  readonly data: ArrayLike<number>
  readonly shape: Shape
}

/** Inputs, targets and weights as columns: what plain arrays become. */
export interface Columns {
  readonly x: readonly Column[]
  readonly y: readonly Column[]
  readonly sampleWeight: readonly Column[]
}

/** Serves columns as a dataset. */
class ColumnDataset implements Dataset {
  readonly length: number
  readonly #lists: readonly (readonly Column[])[]

  constructor(columns: Columns) {
    this.#lists = [columns.x, columns.y, columns.sampleWeight]
    this.length = columns.x[0]!.length
  }

  batch(indices: Uint32Array): DatasetBatch {
    const [x, y, sampleWeight] = this.#lists.map(list => (list.length > 0 ? gatherAll(list, indices) : null))
    return { x, y, sampleWeight }
  }
}

/** A feed over columns. */
export const feedColumns = (columns: Columns, options: FeedOptions) =>
  new IndexedFeed(new ColumnDataset(columns), options, true)

/** A feed over anything that serves examples by number. */
export class IndexedFeed implements Feed {
  readonly length: number
  readonly steps: number
  readonly oneShot = null
  readonly #dataset: Dataset
  readonly #options: FeedOptions
  readonly #listed: boolean

  /** @throws OptionError when there are no examples. */
  constructor(dataset: Dataset, options: FeedOptions, listed = false) {
    if (!(dataset.length > 0))
      throw new OptionError("fit: there are no examples", { facts: { length: dataset.length } })
    this.#dataset = dataset
    this.#options = options
    this.#listed = listed
    this.length = dataset.length
    this.steps = options.stepsPerEpoch ?? Math.ceil(dataset.length / options.batchSize)
  }

  *epoch(epoch: number, from: number): Iterable<Batch> {
    const perPass = Math.ceil(this.length / this.#options.batchSize)
    let pass = -1
    let order: Uint32Array | null = null
    for (let step = from; step < this.steps; step++) {
      // With stepsPerEpoch an epoch goes on where the last one stopped, as in Keras.
      const overall = epoch * this.steps + step
      const nextPass = Math.floor(overall / perPass)
      if (nextPass !== pass) order = this.#order(nextPass)
      pass = nextPass
      yield this.#batch(order, (overall % perPass) * this.#options.batchSize, pass)
    }
  }

  #order(pass: number): Uint32Array | null {
    const { shuffleSeed } = this.#options
    return shuffleSeed === null ? null : stream(shuffleSeed, "shuffle", "", pass).permutation(this.length)
  }

  #batch(order: Uint32Array | null, first: number, pass: number): Batch {
    const size = Math.min(this.#options.batchSize, this.length - first)
    const indices = order
      ? order.subarray(first, first + size)
      : Uint32Array.from({ length: size }, (_, i) => first + i)
    return { size, first, load: () => loadBatch(this.#dataset.batch(indices, pass), size, this.#options, this.#listed) }
  }
}

/** A tensor over a part's numbers; those that a gather has just allocated are not copied. */
function asInput({ data, shape }: Part): Tensor {
  const numbers = data instanceof Float32Array || data instanceof Float64Array ? data : Float32Array.from(data)
  return wrap(numbers, shape)
}

/** A batch as tensors. `listed`: its parts are lists of `{ data, shape }` already. */
export function loadBatch(batch: DatasetBatch, size: number, options: FeedOptions, listed = false): Loaded {
  const { inputNames, outputNames, weigh } = options
  const x = partsOf("x", batch.x, inputNames, listed)
  const y = partsOf("y", batch.y, outputNames, listed)
  const names = severalOf(batch.sampleWeight, outputNames)
  const given = partsOf("sampleWeight", batch.sampleWeight, names, listed)
  for (const part of [...x, ...y, ...given]) checkSize(part, size)
  const sampleWeight = y.map((target, i) => {
    const own = given[i] ?? (given.length === 1 ? given[0]! : null)
    return weigh ? asInput(timesClassWeight(own, weigh(target), size)) : own && asInput(own)
  })
  return { x: x.map(asInput), y: y.map(asInput), sampleWeight }
}

function partsOf(name: string, value: unknown, names: readonly string[], listed: boolean): Part[] {
  if (value === null || value === undefined) return []
  if (listed) return value as Part[]
  return asColumns(name, value, names).map(c => ({
    data: c.decode ? Float32Array.from({ length: c.data.length }, (_, i) => c.decode![c.data[i]!]!) : c.data,
    shape: [c.length, ...c.shape],
  }))
}

/** One list of weights serves all outputs. */
const severalOf = (weights: unknown, names: readonly string[]) =>
  Array.isArray(weights) && names.length > 1 && weights.length === names.length ? names : ["sampleWeight"]

function timesClassWeight(own: Part | null, byClass: Float32Array, size: number): Part {
  if (own === null) return { data: byClass, shape: [size] }
  return { data: byClass.map((w, i) => w * own.data[i]!), shape: [size] }
}

function checkSize({ shape }: Part, size: number): void {
  if (shape[0] === size) return
  throw new ShapeError(`fit: a batch of ${size} examples has a part with ${shape[0] ?? 0}`, { facts: { part: shape } })
}
