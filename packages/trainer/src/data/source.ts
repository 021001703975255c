import { describe, OptionError } from "@selvedge/core"
import { argMax } from "../metrics/accuracy.ts"
import { asColumns } from "./arrays.ts"
import { BytesDataset, type Column, column, isDataset } from "./dataset.ts"
import type { Columns, Feed, FeedOptions, Part } from "./feed.ts"
import { type BatchIterable, type BatchSource, isIterable, StreamFeed } from "./stream.ts"

/** Whatever holds examples: arrays of inputs (with targets beside them), a Dataset, batches. */
export type Examples = unknown

/** Examples, targets and weights as a user gave them. */
export interface Given {
  readonly x: Examples
  readonly y: unknown
  readonly sampleWeight: unknown
}

/** Whether x stands alone: it brings its own targets. */
export function standsAlone(x: unknown): x is BatchIterable | BatchSource {
  return isDataset(x) || typeof x === "function" || isIterable(x)
}

/**
 * Inputs, targets and weights as columns; null when they come from a dataset or in batches.
 * @throws like asColumn.
 */
export function columnsOf(
  { x, y, sampleWeight }: Given,
  names: Pick<FeedOptions, "inputNames" | "outputNames">,
): Columns | null {
  if (x instanceof BytesDataset) return bytesColumns(x, sampleWeight)
  if (standsAlone(x)) return null
  return {
    x: asColumns("x", x, names.inputNames),
    y: y === null || y === undefined ? [] : asColumns("y", y, names.outputNames),
    sampleWeight: weightColumns(sampleWeight),
  }
}

function bytesColumns(dataset: BytesDataset, sampleWeight: unknown): Columns {
  const y = dataset.labels ? [dataset.labels] : []
  return { x: [dataset.images], y, sampleWeight: weightColumns(sampleWeight) }
}

const weightColumns = (weights: unknown) =>
  weights === null || weights === undefined ? [] : asColumns("sampleWeight", weights, ["sampleWeight"])

/**
 * A feed over batches that come one after the other.
 * @throws OptionError when there is a y beside them.
 */
export function streamOf(owner: string, { x, y }: Given, options: FeedOptions): Feed {
  if (y !== null && y !== undefined) {
    throw new OptionError(`${owner}: y is part of the dataset, got ${describe(y)} beside it`)
  }
  return new StreamFeed(x as BatchIterable | BatchSource, options)
}

/**
 * The last part of the examples apart from the others, as `validationSplit` wants it.
 * @throws OptionError when one of the two parts would be empty.
 */
export function splitColumns(columns: Columns, fraction: number): [train: Columns, validation: Columns] {
  const length = columns.x[0]?.length ?? 0
  const at = Math.floor(length * (1 - fraction))
  if (at === 0 || at === length) {
    throw new OptionError(`fit: validationSplit ${fraction} leaves one part of ${length} examples empty`)
  }
  const part = (from: number, to: number) => (c: Column) => rows(c, from, to)
  const cut = (from: number, to: number): Columns => ({
    x: columns.x.map(part(from, to)),
    y: columns.y.map(part(from, to)),
    sampleWeight: columns.sampleWeight.map(part(from, to)),
  })
  return [cut(0, at), cut(at, length)]
}

function rows(c: Column, from: number, to: number): Column {
  const data = ArrayBuffer.isView(c.data) ? (c.data as Float32Array).subarray(from * c.size, to * c.size) : null
  const numbers = data ?? Array.from(c.data).slice(from * c.size, to * c.size)
  return column(numbers, [to - from, ...c.shape], c.decode)
}

/**
 * Weights per sample from weights per class: of the class number, of the largest of a one-hot row, or of 0 and 1.
 * @throws OptionError when a weight is not a number >= 0.
 */
export function classWeigher(classWeight: Readonly<Record<number, number>> | null): ((y: Part) => Float32Array) | null {
  if (classWeight === null) return null
  for (const [label, weight] of Object.entries(classWeight)) {
    if (Number.isInteger(Number(label)) && weight >= 0) continue
    throw new OptionError(
      `fit: classWeight[${label}] must be a number >= 0 for a class number, got ${describe(weight)}`,
    )
  }
  return ({ data, shape }) => {
    const n = data.length / (shape[0] ?? 1)
    const label = (i: number) => (n > 1 ? argMax(data, i * n, n) : Math.round(data[i]!))
    return Float32Array.from({ length: shape[0] ?? 1 }, (_, i) => classWeight[label(i)] ?? 1)
  }
}
