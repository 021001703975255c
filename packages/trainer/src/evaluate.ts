import { checkKeys, checkNumber, OptionError, type Tensor } from "@selvedge/core"
import type { Callback, Logs } from "./callbacks/callback.ts"
import { Callbacks } from "./callbacks/list.ts"
import { formatLogs } from "./callbacks/progress.ts"
import { TurnTaker } from "./clock.ts"
import type { Feed } from "./data/feed.ts"
import type { Given } from "./data/source.ts"
import { openFeed, plainFeed } from "./feeds.ts"
import { checkSignal, checkVerbose } from "./options.ts"
import { joined } from "./outputs.ts"
import { predictStep, testStep } from "./step.ts"
import type { Trainer } from "./trainer.ts"

/** What `predict` can be told. */
export interface PredictOptions {
  /** Examples per step. Default 32. */
  readonly batchSize?: number
  /** So many batches only. */
  readonly steps?: number
  readonly callbacks?: readonly Callback[]
  /** Ends after the current batch. */
  readonly signal?: AbortSignal
  /** Accepted as in Keras; nothing is printed. */
  readonly verbose?: 0 | 1 | 2
}

/** What `evaluate` can be told. */
export interface EvaluateOptions extends PredictOptions {
  /** A weight per example. */
  readonly sampleWeight?: unknown
  /** 0 says nothing, 1 and 2 print a line. Default 0. */
  readonly verbose?: 0 | 1 | 2
}

const predictKeys = ["batchSize", "steps", "callbacks", "signal", "verbose"]

/** Loss and metrics over all examples; see `Trainer.evaluate`. */
export async function evaluate(trainer: Trainer, x: unknown, y: unknown, options: EvaluateOptions): Promise<Logs> {
  checkKeys("evaluate", options, [...predictKeys, "sampleWeight"])
  const verbose = checkVerbose("evaluate", options.verbose ?? 0)
  const signal = checkSignal("evaluate", options.signal)
  const feed = feedFor("evaluate", trainer, { x, y, sampleWeight: options.sampleWeight ?? null }, options)
  const callbacks = new Callbacks(options.callbacks ?? [], trainer)
  const logs = await testEpoch(trainer, feed, trainer.position.epoch, callbacks, signal)
  if (verbose > 0) console.log(formatLogs(logs))
  return logs
}

/** Loss and metrics over the batches of a feed. Those of the epoch under way are put aside meanwhile. */
export async function testEpoch(
  trainer: Trainer,
  feed: Feed,
  epoch: number,
  callbacks: Callbacks,
  signal: AbortSignal | null,
): Promise<Logs> {
  const kept = [trainer.lossMeans.getState(), trainer.metrics.getStates()] as const
  const clock = new TurnTaker()
  trainer.resetMetrics()
  await callbacks.begin("onTestBegin")
  let index = 0
  for await (const batch of feed.epoch(0, 0)) {
    if (callbacks.has("onTestBatchBegin")) await callbacks.at("onTestBatchBegin", index)
    trainer.lossMeans.add(testStep(trainer, batch, { epoch, batch: index }), batch.size)
    if (callbacks.has("onTestBatchEnd")) await callbacks.after("onTestBatchEnd", index, trainer.results())
    index++
    const turn = clock.turn()
    if (turn) await turn
    if (signal?.aborted) break
  }
  const logs = trainer.results()
  await callbacks.end("onTestEnd", logs)
  trainer.resetMetrics()
  trainer.lossMeans.setState(kept[0])
  trainer.metrics.setStates(kept[1])
  return logs
}

/** The model's outputs for all examples; see `Trainer.predict`. */
export async function predict(trainer: Trainer, x: unknown, options: PredictOptions): Promise<Tensor | Tensor[]> {
  checkKeys("predict", options, predictKeys)
  const signal = checkSignal("predict", options.signal)
  const feed = feedFor("predict", trainer, { x, y: null, sampleWeight: null }, options)
  const callbacks = new Callbacks(options.callbacks ?? [], trainer)
  const clock = new TurnTaker()
  await callbacks.begin("onPredictBegin")
  const batches: Tensor[][] = []
  for await (const batch of feed.epoch(0, 0)) {
    if (callbacks.has("onPredictBatchBegin")) await callbacks.at("onPredictBatchBegin", batches.length)
    batches.push(predictStep(trainer, batch))
    if (callbacks.has("onPredictBatchEnd")) await callbacks.at("onPredictBatchEnd", batches.length - 1)
    const turn = clock.turn()
    if (turn) await turn
    if (signal?.aborted) break
  }
  await callbacks.begin("onPredictEnd")
  if (batches.length === 0) throw new OptionError("predict: there are no examples")
  return joined(batches)
}

function feedFor(owner: string, trainer: Trainer, given: Given, options: PredictOptions): Feed {
  const whole = { min: 1, integer: true }
  const batchSize = checkNumber(owner, "batchSize", options.batchSize ?? 32, whole)
  const steps = options.steps === undefined ? null : checkNumber(owner, "steps", options.steps, whole)
  return openFeed(owner, trainer, given, plainFeed(batchSize, steps))
}
