import { checkKeys, checkNumber, NonFiniteError, OptionError } from "@selvedge/core"
import { restore, snapshot } from "./checkpoint/index.ts"
import { TurnTaker } from "./clock.ts"
import type { Feed } from "./data/feed.ts"
import { openFeed, plainFeed } from "./feeds.ts"
import { pow } from "./math.ts"
import { trainStep } from "./step.ts"
import type { Trainer } from "./trainer.ts"

/** What `findLearningRate` can be told. */
export interface RangeTestOptions {
  /** The first rate. Default 1e-5. */
  readonly minRate?: number
  /** The last rate. Default 10. */
  readonly maxRate?: number
  /** How many steps lie between them. Default: one epoch's. */
  readonly steps?: number
  /** Examples per step. Default 32. */
  readonly batchSize?: number
  /** Ends when the smoothed loss is so many times the smallest. Default 4. */
  readonly divergence?: number
}

/** The curve of a range test. */
export interface RangeTest {
  readonly rates: readonly number[]
  /** The loss of each step. */
  readonly losses: readonly number[]
  /** The losses, smoothed: what is to be looked at. */
  readonly smoothed: readonly number[]
  /** A tenth of the rate at which the smoothed loss was smallest, just before it climbs. */
  readonly suggestion: number
}

/** How much of the running mean a step keeps. */
const KEPT = 0.9

/**
 * Learning rate range test: trains with a rate that grows exponentially from step to step, until the loss explodes.
 * Afterwards the trainer is as it was before: weights, optimizer, counters.
 * Smith 2015, https://arxiv.org/abs/1506.01186; Géron, chapter 11.
 * @throws OptionError for a wrong option; whatever `fit` throws for its data.
 */
export async function findLearningRate(
  trainer: Trainer,
  x: unknown,
  y: unknown = null,
  options: RangeTestOptions = {},
): Promise<RangeTest> {
  checkKeys("findLearningRate", options, ["minRate", "maxRate", "steps", "batchSize", "divergence"])
  const minRate = checkNumber("findLearningRate", "minRate", options.minRate ?? 1e-5, { above: 0 })
  const maxRate = checkNumber("findLearningRate", "maxRate", options.maxRate ?? 10, { above: minRate })
  const divergence = checkNumber("findLearningRate", "divergence", options.divergence ?? 4, { above: 1 })
  const feed = feedFor(trainer, x, y, options)
  const steps = options.steps ?? feed.steps
  if (steps === null) throw new OptionError("findLearningRate: steps must be given with data of unknown length")
  const { optimizer } = trainer
  const before = { rate: optimizer.schedule ?? optimizer.learningRate, state: snapshot(trainer) }
  try {
    return await climb(trainer, feed, steps, step => minRate * pow(maxRate / minRate, step / steps), divergence)
  } finally {
    optimizer.learningRate = before.rate
    restore(trainer, before.state)
    trainer.pending = null
  }
}

function feedFor(trainer: Trainer, x: unknown, y: unknown, options: RangeTestOptions): Feed {
  const batchSize = checkNumber("findLearningRate", "batchSize", options.batchSize ?? 32, { min: 1, integer: true })
  const settings = { ...plainFeed(batchSize, options.steps ?? null), shuffleSeed: trainer.seed }
  return openFeed("findLearningRate", trainer, { x, y, sampleWeight: null }, settings)
}

async function climb(
  trainer: Trainer,
  feed: Feed,
  steps: number,
  rateAt: (step: number) => number,
  divergence: number,
): Promise<RangeTest> {
  const curve = { rates: [] as number[], losses: [] as number[], smoothed: [] as number[] }
  const clock = new TurnTaker()
  let [mean, best, suggestion] = [0, Infinity, rateAt(0) / 10]
  for await (const batch of feed.epoch(0, 0)) {
    const step = curve.rates.length
    if (step >= steps) break
    const rate = rateAt(step)
    trainer.optimizer.learningRate = rate
    const loss = lossOf(() => trainStep(trainer, batch, { epoch: 0, batch: step }).loss)
    if (loss === null) break
    mean = KEPT * mean + (1 - KEPT) * loss
    // A mean that starts at 0 is too small at first by this factor.
    const smoothed = mean / (1 - pow(KEPT, step + 1))
    curve.rates.push(rate)
    curve.losses.push(loss)
    curve.smoothed.push(smoothed)
    if (smoothed < best) [best, suggestion] = [smoothed, rate / 10]
    if (smoothed > divergence * best) break
    const turn = clock.turn()
    if (turn) await turn
  }
  return { ...curve, suggestion }
}

/** A step's loss; null when it exploded. */
function lossOf(step: () => number): number | null {
  try {
    return step()
  } catch (error) {
    if (error instanceof NonFiniteError) return null
    throw error
  }
}
