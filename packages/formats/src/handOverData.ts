import { describe, isTensor, OptionError, ShapeError, sizeOf, tensor } from "@selvedge/core"
import type { Dataset, DatasetBatch } from "@selvedge/trainer"
import type { NamedArray } from "./arrays.ts"
import { writeFileAtomic } from "./atomic.ts"
import { writeNpz } from "./npz.ts"

/** All examples as arrays: typed arrays (one number per example), `{ data, shape }`, tensors or nested arrays. */
export interface HandOverArrays {
  /** The inputs; a list or record when the model has several. */
  readonly x: unknown
  readonly y: unknown
  /** A weight per example; a list when each output has its own. */
  readonly sampleWeight?: unknown
}

/** Examples to hand over: arrays, or a `Dataset`, of which one shard at a time is in memory. */
export type HandOverData = HandOverArrays | Dataset

/** Names of the model's ends, by which parts of examples may be given. */
export interface EndNames {
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
}

/** Shards of examples, as the manifest lists them: example i stands in shard floor(i / shardSize). */
export interface ShardList {
  readonly length: number
  readonly shardSize: number
  readonly shards: readonly string[]
}

interface Part {
  readonly data: ArrayLike<number>
  readonly shape: readonly number[]
}

/**
 * Anything with examples as a dataset.
 * @throws OptionError for a stream, which has no examples by number.
 */
export function asDataset(owner: string, given: HandOverData, names: EndNames): Dataset {
  if (typeof given !== "object" || given === null || !("batch" in given || "x" in given)) {
    throw new OptionError(`${owner} must be { x, y } or a Dataset, got ${describe(given)}`, {
      hint: "a stream has no examples by number: collect it into arrays first",
    })
  }
  if ("batch" in given) return given
  const parts = partsOf(given, names)
  const length = parts.x[0]!.shape[0]!
  for (const { shape } of [...parts.x, ...parts.y, ...parts.sampleWeight]) {
    if (shape[0] === length) continue
    throw new ShapeError(`${owner}: x has ${length} examples, another part ${shape[0] ?? "no list of them"}`)
  }
  const take = (list: readonly Part[], indices: Uint32Array) => list.map(part => rows(part, indices))
  const batch = (indices: Uint32Array): DatasetBatch => ({
    x: take(parts.x, indices),
    y: take(parts.y, indices),
    sampleWeight: take(parts.sampleWeight, indices),
  })
  return { length, batch }
}

function rows({ data, shape }: Part, indices: Uint32Array): Part {
  const inner = shape.slice(1)
  const size = sizeOf(inner)
  const out = new Float32Array(indices.length * size)
  indices.forEach((index, i) => {
    for (let j = 0; j < size; j++) out[i * size + j] = data[index * size + j]!
  })
  return { data: out, shape: [indices.length, ...inner] }
}

function partsOf(batch: DatasetBatch, { inputs, outputs }: EndNames) {
  const weights = batch.sampleWeight
  const several = Array.isArray(weights) && weights.length === outputs.length && typeof weights[0] === "object"
  return {
    x: split("x", batch.x, inputs),
    y: split("y", batch.y, outputs),
    sampleWeight: split("sampleWeight", weights, several ? outputs : ["sampleWeight"]),
  }
}

function split(name: string, value: unknown, names: readonly string[]): Part[] {
  if (value === null || value === undefined) return []
  const single = names.length === 1
  if (Array.isArray(value) && value.length === 0) return []
  if (single && Array.isArray(value) && value.length === 1 && isPart(value[0])) return [value[0]]
  if (!single && Array.isArray(value) && value.length === names.length) return value.map(part => asPart(name, part))
  if (isRecord(value)) return names.map(key => asPart(`${name}["${key}"]`, value[key]))
  if (single) return [asPart(name, value)]
  throw new OptionError(`handOver: ${name} must have ${names.length} parts`, { facts: { expected: names.join(", ") } })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype && !isPart(value)
  )
}

function isPart(value: unknown): value is Part {
  if (typeof value !== "object" || value === null || isTensor(value)) return false
  return "data" in value && "shape" in value && Array.isArray(value.shape)
}

function asPart(name: string, value: unknown): Part {
  if (isTensor(value)) return { data: value.read(), shape: value.shape }
  if (isPart(value)) return value
  if (ArrayBuffer.isView(value) && "length" in value && !(value instanceof BigInt64Array)) {
    return { data: value as Float32Array, shape: [Number(value.length)] }
  }
  if (!Array.isArray(value)) throw new OptionError(`handOver: cannot read numbers of ${name} from ${describe(value)}`)
  const all = tensor(value as Parameters<typeof tensor>[0])
  return { data: all.read(), shape: all.shape }
}

/**
 * Writes examples as `.npz` files of at most `shardSize` examples each, one after another, so that memory holds one shard
 * and no more. Their arrays are x0, x1, ..., y0, ..., w0, ... in the order of the model's inputs and outputs, float32.
 */
export async function writeShards(
  dataset: Dataset,
  names: EndNames,
  place: { folder: string; prefix: string; shardSize: number; epoch: number },
): Promise<ShardList> {
  const { folder, prefix, shardSize, epoch } = place
  const shards: string[] = []
  for (let first = 0; first < dataset.length; first += shardSize) {
    const size = Math.min(shardSize, dataset.length - first)
    const indices = Uint32Array.from({ length: size }, (_, i) => first + i)
    const { x, y, sampleWeight } = partsOf(dataset.batch(indices, epoch), names)
    const file = `${prefix}-${String(shards.length).padStart(5, "0")}.npz`
    const arrays = [...named("x", x, size), ...named("y", y, size), ...named("w", sampleWeight, size)]
    await writeFileAtomic(`${folder}/${file}`, writeNpz(arrays))
    shards.push(file)
  }
  return { length: dataset.length, shardSize, shards }
}

function named(letter: string, parts: readonly Part[], size: number): NamedArray[] {
  return parts.map(({ data, shape }, i) => {
    if (shape[0] !== size || sizeOf(shape) !== data.length) {
      throw new ShapeError(`handOver: a batch of ${size} examples has a part of shape [${shape.join(", ")}]`)
    }
    return { name: `${letter}${i}`, shape: [...shape], data: Float32Array.from(data) }
  })
}
