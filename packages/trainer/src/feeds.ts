import { OptionError } from "@selvedge/core"
import { asColumns } from "./data/arrays.ts"
import { checkColumns, type Expected } from "./data/check.ts"
import { isDataset } from "./data/dataset.ts"
import { type Batch, type Columns, type Feed, type FeedOptions, feedColumns, IndexedFeed } from "./data/feed.ts"
import { classWeigher, columnsOf, type Given, splitColumns, streamOf } from "./data/source.ts"
import { CategoricalCrossentropy, SparseCategoricalCrossentropy } from "./losses/index.ts"
import { buildModel, exampleShapes, inputNames, outputNames } from "./model.ts"
import type { Trainer } from "./trainer.ts"

/** How data is served, apart from what the model's names say. */
export type FeedSettings = Omit<FeedOptions, "inputNames" | "outputNames">

/** In order, without weights: how data is evaluated and predicted. */
export const plainFeed = (batchSize: number, stepsPerEpoch: number | null = null): FeedSettings => ({
  batchSize,
  stepsPerEpoch,
  shuffleSeed: null,
  weigh: null,
})

/**
 * A feed over whatever holds examples. Builds the model and makes the metrics for them; arrays are checked as a whole, a
 * dataset by its first example, a stream when its batches come.
 * @throws OptionError or ShapeError for data that cannot be used.
 */
export function openFeed(owner: string, trainer: Trainer, given: Given, settings: FeedSettings): Feed {
  const options = withNames(trainer, settings)
  const columns = columnsOf(given, options)
  if (columns) {
    prepare(owner, trainer, columns)
    return feedColumns(columns, options)
  }
  if (!isDataset(given.x)) return streamOf(owner, given, options)
  const feed = new IndexedFeed(given.x, options)
  const first = given.x.batch(Uint32Array.of(0), 0)
  prepare(owner, trainer, {
    x: asColumns("x", first.x, options.inputNames),
    y: first.y === undefined || first.y === null ? [] : asColumns("y", first.y, options.outputNames),
    sampleWeight: [],
  })
  return feed
}

/**
 * Arrays apart, the last share of them for validation.
 * @throws OptionError or ShapeError for data that cannot be used or parted.
 */
export function openSplit(
  trainer: Trainer,
  given: Given,
  fraction: number,
  settings: FeedSettings,
  validation: FeedSettings,
): { train: Feed; validation: Feed } {
  const columns = columnsOf(given, withNames(trainer, settings))
  if (columns === null) {
    throw new OptionError("fit: validationSplit needs arrays", { hint: "give validationData beside a dataset" })
  }
  prepare("fit", trainer, columns)
  const [first, last] = splitColumns(columns, fraction)
  return {
    train: feedColumns(first, withNames(trainer, settings)),
    validation: feedColumns(last, withNames(trainer, validation)),
  }
}

/**
 * One batch out of all examples given.
 * @throws OptionError or ShapeError for examples that cannot be used.
 */
export function oneBatch(
  trainer: Trainer,
  owner: string,
  given: Given,
  classWeight: Readonly<Record<number, number>> | null = null,
): Batch {
  const columns = columnsOf(given, withNames(trainer, plainFeed(1)))
  if (columns === null) throw new OptionError(`${owner}: takes the arrays of one batch`)
  prepare(owner, trainer, columns)
  const settings = { ...plainFeed(columns.x[0]!.length), weigh: classWeigher(classWeight) }
  const [batch] = feedColumns(columns, withNames(trainer, settings)).epoch(0, 0)
  return batch!
}

const withNames = ({ model }: Trainer, settings: FeedSettings): FeedOptions => ({
  ...settings,
  inputNames: inputNames(model),
  outputNames: outputNames(model),
})

/** Builds the model for these examples, checks them against it, and makes the metrics for their shapes. */
function prepare(owner: string, trainer: Trainer, columns: Columns): void {
  const { model, metrics } = trainer
  const shapes = columns.x.map(c => c.shape)
  if (!model.built) buildModel(model, shapes)
  const expected: Expected = { ...exampleShapes(model), targets: targetKinds(trainer) }
  checkColumns(owner, columns, expected)
  if (columns.y.length === 0) return
  const open = (shape: readonly (number | null)[]) => [-1, ...shape.map(n => n ?? -1)]
  metrics.build(columns.y.map(c => c.shape).map(open), expected.outputs.map(open))
}

const targetKinds = ({ objective }: Trainer) =>
  objective.losses.map(loss => {
    if (loss instanceof SparseCategoricalCrossentropy) return loss.ignoresClass ? "any" : "classes"
    return loss instanceof CategoricalCrossentropy ? "one-hot" : "any"
  })
