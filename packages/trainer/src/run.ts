import type { Callback } from "./callbacks/callback.ts"
import { History } from "./callbacks/history.ts"
import { Callbacks } from "./callbacks/list.ts"
import { Progress } from "./callbacks/progress.ts"
import type { Feed } from "./data/feed.ts"
import { classWeigher } from "./data/source.ts"
import { openFeed, openSplit, plainFeed } from "./feeds.ts"
import type { FitSettings } from "./options.ts"
import type { Trainer } from "./trainer.ts"

/** Everything a run of `fit` needs, made and checked before the first step. */
export interface Run {
  readonly settings: FitSettings
  readonly train: Feed
  readonly validation: Feed | null
  readonly history: History
  readonly callbacks: Callbacks
  /** Where each epoch's start is copied to. */
  readonly room: Float32Array[]
  /** Whether the epoch with this number is validated. */
  validates(epoch: number): boolean
}

/**
 * Reads the data, builds the model, checks everything, and sets up History, progress and callbacks.
 * @throws OptionError or ShapeError; nothing has been changed then.
 */
export function prepareRun(trainer: Trainer, x: unknown, y: unknown, settings: FitSettings): Run {
  const { train, validation } = feeds(trainer, x, y, settings)
  const { epochs, batchSize, verbose, validationFreq } = settings
  const history = new History({ epochs, steps: train.steps, batchSize, verbose })
  const recorder: Callback = { onEpochEnd: (epoch, logs) => history.add(epoch, logs) }
  const progress = verbose === 0 ? [] : [new Progress({ verbose })]
  const callbacks = new Callbacks([...settings.callbacks, ...progress, recorder], trainer)
  const validates = (epoch: number) =>
    validation !== null &&
    (typeof validationFreq === "number" ? (epoch + 1) % validationFreq === 0 : validationFreq.includes(epoch + 1))
  return { settings, train, validation, history, callbacks, room: [], validates }
}

function feeds(trainer: Trainer, x: unknown, y: unknown, settings: FitSettings) {
  const { batchSize, stepsPerEpoch, shuffle, validationSplit, validationData } = settings
  const weigh = classWeigher(settings.classWeight)
  const training = { batchSize, stepsPerEpoch, shuffleSeed: shuffle ? trainer.seed : null, weigh }
  const checking = plainFeed(settings.validationBatchSize, settings.validationSteps)
  const given = { x, y, sampleWeight: settings.sampleWeight }
  if (validationSplit > 0) return openSplit(trainer, given, validationSplit, training, checking)
  const train = openFeed("fit", trainer, given, training)
  if (validationData === null) return { train, validation: null }
  return { train, validation: openFeed("fit: validationData", trainer, asGiven(validationData), checking) }
}

/** `[x, y, sampleWeight]` apart; anything else stands for itself. */
function asGiven(data: unknown): { x: unknown; y: unknown; sampleWeight: unknown } {
  if (Array.isArray(data) && (data.length === 2 || data.length === 3)) {
    return { x: data[0], y: data[1], sampleWeight: data[2] ?? null }
  }
  return { x: data, y: null, sampleWeight: null }
}
