import { checkKeys, checkSeed, closeWith, describe, getSeed, OptionError, Session, type Tensor } from "@selvedge/core"
import { LossMeans } from "./averages.ts"
import type { CallbackState, Logs } from "./callbacks/callback.ts"
import type { History, RunInfo } from "./callbacks/history.ts"
import type { Callbacks } from "./callbacks/list.ts"
import { readFile, writeFile } from "./checkpoint/file.ts"
import { asCheckpoint, restore, snapshot } from "./checkpoint/index.ts"
import { standsAlone } from "./data/source.ts"
import { type EvaluateOptions, evaluate, type PredictOptions, predict } from "./evaluate.ts"
import { oneBatch } from "./feeds.ts"
import { fit } from "./fit.ts"
import { outputNames, randomIds, type TrainableModel } from "./model.ts"
import { type LossesLike, Metrics, type MetricsLike, Objective } from "./objective.ts"
import { getOptimizer, type Optimizer, type OptimizerName } from "./optimizers/index.ts"
import type { FitOptions } from "./options.ts"
import { single } from "./outputs.ts"
import { predictStep, testStep, trainStep } from "./step.ts"

/** What `compile` is told. */
export interface CompileOptions {
  readonly loss: LossesLike
  /** Default `"rmsprop"`, as in Keras. */
  readonly optimizer?: OptimizerName | Optimizer
  /** Numbers to report; they do not see sample weights. */
  readonly metrics?: MetricsLike
  /** Numbers to report that do see them. */
  readonly weightedMetrics?: MetricsLike
  /** Factors of the losses when there are several outputs: a list, or by the output's name. */
  readonly lossWeights?: readonly number[] | Readonly<Record<string, number>>
  /** Seed of shuffling, dropout and augmentation; the model's, or else the default one, when left out. */
  readonly seed?: number
}

const compileKeys = ["loss", "optimizer", "metrics", "weightedMetrics", "lossWeights", "seed"]

/**
 * A trainer for a model.
 *
 *     const trainer = compile(model, { loss: "sparse_categorical_crossentropy", optimizer: "sgd", metrics: ["accuracy"] })
 *     const { history } = await trainer.fit(x, y, { epochs: 10, validationSplit: 0.1 })
 *
 * @throws OptionError for an unknown option, loss, optimizer or metric, naming the nearest.
 */
export function compile(model: TrainableModel, options: CompileOptions): Trainer {
  checkKeys("compile", options, compileKeys)
  return new Trainer(model, options)
}

/** How far a run is: what a checkpoint needs to go on from there. */
export interface Position {
  /** The epoch that runs, or comes next. */
  epoch: number
  /** Batches of it that are done. */
  batch: number
}

/** The run of `fit` that is under way, or was the last. */
export interface ActiveRun {
  readonly history: History
  readonly callbacks: Callbacks
  /** Why it could not be resumed from a checkpoint; null when it can. */
  readonly oneShot: string | null
  /** Whether there is validation data. */
  readonly hasValidation: boolean
}

/** What a checkpoint gave the trainer for the next `fit`. */
export interface Pending {
  readonly position: Position
  /** Whether the run had been told to stop. */
  readonly stopped: boolean
  readonly history: { readonly epoch: readonly number[]; readonly history: Readonly<Record<string, readonly number[]>> }
  readonly callbacks: Readonly<Record<string, CallbackState>>
}

/** Trains and evaluates a model. Made by `compile`. */
export class Trainer {
  readonly model: TrainableModel
  readonly optimizer: Optimizer
  readonly objective: Objective
  readonly metrics: Metrics
  /** What it was compiled with. */
  readonly compileOptions: CompileOptions
  /** The seed of its random numbers. */
  seed: number
  /** Training batches so far, those of `trainOnBatch` included. */
  step = 0
  /** Set by a callback to end `fit` after the batch or epoch that runs. */
  stopTraining = false
  /** How far `fit` is. */
  readonly position: Position = { epoch: 0, batch: 0 }
  /** The running means of the losses of the epoch. */
  readonly lossMeans = new LossMeans()
  /** The run that is under way, or was the last; null before the first. */
  run: ActiveRun | null = null
  /** What `resume` left for the next `fit`. */
  pending: Pending | null = null
  #ids: ReadonlyMap<object, string> | null = null
  readonly #session = new Session()
  #adopted: readonly Tensor[] | null = null
  #pause: Promise<void> | null = null
  #unpause: (() => void) | null = null

  /** Use `compile`. */
  constructor(model: TrainableModel, options: CompileOptions) {
    if (typeof model?.applyAll !== "function") {
      throw new OptionError(`compile: the model must be a model or a layer, got ${describe(model)}`)
    }
    if (options.loss === undefined || options.loss === null) throw new OptionError("compile: loss is missing")
    this.model = model
    this.compileOptions = options
    this.optimizer = getOptimizer(options.optimizer ?? "rmsprop")
    this.objective = new Objective(options.loss, options.lossWeights ?? null, outputNames(model))
    this.metrics = new Metrics(options.metrics ?? [], options.weightedMetrics ?? [], outputNames(model))
    closeWith(this, this.#session)
    this.seed = checkSeed("compile", options.seed ?? seedOf(model) ?? getSeed())
  }

  /** The session in which its steps compute: it has mirrors of the weights and of the optimizer's state. */
  memory(): Session {
    const state = this.optimizer.stateTensors
    if (state !== this.#adopted) {
      this.#adopted = state
      this.#session.adopt([...this.model.weights, ...state])
    }
    return this.#session
  }

  /** The ids of the model's layers in streams of random numbers. */
  get randomIds(): ReadonlyMap<object, string> {
    this.#ids = randomIds(this.model)
    return this.#ids
  }

  /** The id of one layer; undefined for one that is not in the model. The model is walked again when it has grown. */
  readonly idOf = (layer: object): string | undefined => this.#ids?.get(layer) ?? this.randomIds.get(layer)

  /** What the run is: epochs, steps, batch size; null before the first. */
  get params(): RunInfo | null {
    return this.run?.history.params ?? null
  }

  /**
   * Trains for some epochs. x is nested arrays, a typed array, `{ data, shape }`, a tensor, an ndarray, with y beside it;
   * or a `Dataset`, batches from an iterable or from a function of the epoch, alone.
   * @returns the numbers of each epoch, under Keras's names.
   * @throws OptionError or ShapeError before the first step for data that cannot be used; NonFiniteError for a loss that
   *   is not finite; whatever a callback throws.
   */
  fit(x: unknown, options?: FitOptions): Promise<History>
  fit(x: unknown, y: unknown, options?: FitOptions): Promise<History>
  fit(x: unknown, ...rest: unknown[]): Promise<History> {
    const [y, options] = splitArguments<FitOptions>(x, rest)
    return fit(this, x, y, options)
  }

  /**
   * The loss and the metrics over all examples.
   * @throws like fit.
   */
  evaluate(x: unknown, options?: EvaluateOptions): Promise<Logs>
  evaluate(x: unknown, y: unknown, options?: EvaluateOptions): Promise<Logs>
  evaluate(x: unknown, ...rest: unknown[]): Promise<Logs> {
    const [y, options] = splitArguments<EvaluateOptions>(x, rest)
    return evaluate(this, x, y, options)
  }

  /** The model's outputs for all examples: a tensor, or a list of them when it has several outputs. */
  predict(x: unknown, options: PredictOptions = {}): Promise<Tensor | Tensor[]> {
    return predict(this, x, options)
  }

  /** One step on one batch. @returns its own loss and metrics. @throws like fit. */
  trainOnBatch(x: unknown, y: unknown, options: BatchOptions = {}): Logs {
    const batch = oneBatch(this, "trainOnBatch", { x, y, sampleWeight: options.sampleWeight }, options.classWeight)
    this.resetMetrics()
    const loss = trainStep(this, batch, { epoch: this.position.epoch, batch: this.step })
    this.lossMeans.add(loss, batch.size)
    return this.results()
  }

  /** The loss and metrics of one batch. */
  testOnBatch(x: unknown, y: unknown, options: BatchOptions = {}): Logs {
    const batch = oneBatch(this, "testOnBatch", { x, y, sampleWeight: options.sampleWeight }, options.classWeight)
    this.resetMetrics()
    this.lossMeans.add(testStep(this, batch, { epoch: this.position.epoch, batch: 0 }), batch.size)
    return this.results()
  }

  /** The model's outputs for one batch: a tensor, or a list of them when it has several outputs. */
  predictOnBatch(x: unknown): Tensor | Tensor[] {
    return single(predictStep(this, oneBatch(this, "predictOnBatch", { x, y: null, sampleWeight: null })))
  }

  /** Loss and metrics since `resetMetrics`. */
  results(): Logs {
    return { ...this.lossMeans.results(), ...this.metrics.results() }
  }

  /** Forgets losses and metrics. */
  resetMetrics(): void {
    this.lossMeans.reset()
    this.metrics.reset()
  }

  /** Holds `fit` after the step that runs, until `unpause`. */
  pause(): void {
    this.#pause ??= new Promise(resolve => {
      this.#unpause = resolve
    })
  }

  /** Lets a paused `fit` go on. */
  unpause(): void {
    this.#unpause?.()
    this.#pause = null
    this.#unpause = null
  }

  /** Settles when `fit` may go on; null when it is not paused. */
  get paused(): Promise<void> | null {
    return this.#pause
  }

  /**
   * Writes everything that a run needs to go on from here: weights, the optimizer's state, seed, step, epoch, position in
   * the epoch, History, the states of callbacks and metrics. The file is replaced at once or not at all.
   * @throws OptionError when the data is a one-shot iterator, which no run can be resumed with.
   */
  async checkpoint(path: string): Promise<void> {
    if (this.run?.oneShot) throw new OptionError(`checkpoint: this run cannot be resumed: ${this.run.oneShot}`)
    await writeFile(path, snapshot(this))
  }

  /**
   * Takes back what `checkpoint` wrote, into this trainer of the same model and options. The next `fit`, with the same
   * data and options, goes on where it was and ends in the same bits as if it had not been interrupted.
   * @throws FormatError for a damaged file; OptionError for another model or optimizer.
   */
  async resume(path: string): Promise<void> {
    restore(this, asCheckpoint(path, await readFile(path)))
  }
}

/** Options of a single batch. */
export interface BatchOptions {
  readonly sampleWeight?: unknown
  readonly classWeight?: Readonly<Record<number, number>>
}

function seedOf(model: object): number | null {
  const seed: unknown = Reflect.get(model, "seed")
  return typeof seed === "number" ? seed : null
}

/** Tells `(x, options)` from `(x, y, options)`. */
function splitArguments<T extends object>(x: unknown, rest: readonly unknown[]): [y: unknown, options: Partial<T>] {
  const [first, second] = rest
  const isOptions = (value: unknown): value is Partial<T> =>
    typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype
  if (rest.length >= 2) return [first, isOptions(second) ? second : {}]
  return standsAlone(x) && isOptions(first) ? [null, first] : [first ?? null, {}]
}
