import { checkBoolean, checkKeys, checkNumber, type FormatError, OptionError, stream } from "@selvedge/core"
import { Model } from "@selvedge/layers"
import type { Dataset, Trainer } from "@selvedge/trainer"
import { writeFileAtomic } from "./atomic.ts"
import { refuseIn } from "./fail.ts"
import { asDataset, type EndNames, type HandOverData, type ShardList, writeShards } from "./handOverData.ts"
import { handOverProgram } from "./handOverProgram.ts"
import { asJsonObject, decodeUtf8, isObject, type JsonObject, parseJsonObject } from "./json.ts"
import type { LoadOptions } from "./keras/options.ts"
import { loadTrainer, saveTrainer } from "./keras/trainer.ts"
import { compileConfigOf } from "./keras/training.ts"
import { writeNpy } from "./npy.ts"
import { nodeFs, toBytes } from "./source.ts"

/** What is handed over beside the trainer: the data and options of the `fit` that is to go on. */
export interface HandOverOptions {
  readonly data: HandOverData
  readonly validationData?: HandOverData
  /** The run ends with this many epochs in all, those done here included. Default: those of the last `fit`. */
  readonly epochs?: number
  /** Default: that of the last `fit`, or 32. */
  readonly batchSize?: number
  /** Default: `batchSize`. */
  readonly validationBatchSize?: number
  readonly stepsPerEpoch?: number
  /** Whether the run shuffles, as in `fit`. Default true. */
  readonly shuffle?: boolean
  /** Examples per file. Default 4096. */
  readonly shardSize?: number
  /** For a dataset whose examples depend on the epoch (augmentation): each epoch's are written. Default false. */
  readonly examplesByEpoch?: boolean
}

const KEYS = [
  "data",
  "validationData",
  "epochs",
  "batchSize",
  "validationBatchSize",
  "stepsPerEpoch",
  "shuffle",
  "shardSize",
  "examplesByEpoch",
]
const MANIFEST = "manifest.json"
const MODEL = "model.keras"
const RESULT = "result.keras"
const HISTORY = "history.json"

/** One way through all examples: its order, null for the order in which they stand, and its examples. */
interface Pass {
  readonly order: string | null
  readonly examples: ShardList
}

/**
 * Hands a run over to Keras on a distributed engine. Writes into `folder`:
 *
 *     model.keras      the model, compiled, with the optimizer's state
 *     manifest.json    how far the run is, its batches, the files below
 *     training/        the examples in .npz shards, and the order of each pass through them: that of `fit` here
 *     validation/
 *     continue.py      continues the very run under Keras 3 on JAX, over all devices and hosts, and writes result.keras
 *
 * Callbacks do not travel; of the state of metrics, the means of an epoch that was begun do. Class weights: give them as
 * `sampleWeight`. A dataset is read shard by shard, so that memory stays flat.
 *
 * @throws OptionError for wrong options; FormatError for a loss or metric that is a function of the user's own.
 */
export async function handOver(trainer: Trainer, folder: string, options: HandOverOptions): Promise<void> {
  const run = settle(trainer, options)
  const fs = nodeFs()
  if (!fs) throw new OptionError("handOver writes a folder, which needs Node")
  for (const part of ["training", "validation"]) await fs.promises.mkdir(`${folder}/${part}`, { recursive: true })
  // What an earlier run left must not be taken for this one's.
  for (const file of [MANIFEST, RESULT, HISTORY]) await fs.promises.rm(`${folder}/${file}`, { force: true })
  await saveTrainer(trainer, `${folder}/${MODEL}`)
  const passes: Record<string, Pass> = {}
  for (let pass = run.passes.first; pass <= run.passes.last; pass++) {
    passes[pass] = await writePass(run, folder, pass, passes[run.passes.first])
  }
  const { validation, validationBatchSize, names } = run
  const place = { folder, prefix: "validation/examples", shardSize: run.shardSize, epoch: 0 }
  const checked = validation && (await writeShards(validation, names, place))
  const manifest = asJsonObject("handOver", {
    ...progressOf(trainer, run),
    batchSize: run.batchSize,
    steps: run.steps,
    outputs: names.outputs.length,
    passes,
    validation: checked && { batchSize: validationBatchSize, examples: checked },
    training: compileConfigOf(trainer),
  })
  await writeText(`${folder}/continue.py`, handOverProgram(trainer, run))
  await writeText(`${folder}/${MANIFEST}`, JSON.stringify(manifest, null, 1))
}

interface HandedRun {
  readonly trainer: Trainer
  readonly dataset: Dataset
  readonly validation: Dataset | null
  readonly names: EndNames
  readonly epochs: number
  readonly batchSize: number
  readonly validationBatchSize: number
  /** Batches per epoch. */
  readonly steps: number
  readonly shuffle: boolean
  readonly shardSize: number
  readonly examplesByEpoch: boolean
  /** The first and last pass through the examples that are still needed. */
  readonly passes: { readonly first: number; readonly last: number }
}

function settle(trainer: Trainer, options: HandOverOptions): HandedRun {
  checkKeys("handOver", options, KEYS)
  const { model, params, position } = trainer
  if (!(model instanceof Model)) throw new OptionError("handOver: the trainer must have a model, not a single layer")
  const whole = (name: string, value: unknown) => checkNumber("handOver", name, value, { min: 1, integer: true })
  const epochs = whole("epochs", options.epochs ?? params?.epochs ?? 1)
  if (position.epoch >= epochs) {
    throw new OptionError(`handOver: nothing is left to do: ${position.epoch} of ${epochs} epochs are done`, {
      hint: "epochs counts those done here, as in fit with initialEpoch",
    })
  }
  const names = { inputs: model.inputNames, outputs: model.outputNames }
  const dataset = asDataset("handOver: data", options.data, orSingle(names))
  if (!(dataset.length > 0)) throw new OptionError("handOver: data has no examples")
  const batchSize = whole("batchSize", options.batchSize ?? params?.batchSize ?? 32)
  const perPass = Math.ceil(dataset.length / batchSize)
  const steps = options.stepsPerEpoch === undefined ? perPass : whole("stepsPerEpoch", options.stepsPerEpoch)
  const passOf = (step: number) => Math.floor(step / perPass)
  const { validationData } = options
  return {
    trainer,
    dataset,
    validation: validationData ? asDataset("handOver: validationData", validationData, orSingle(names)) : null,
    names: orSingle(names),
    epochs,
    batchSize,
    validationBatchSize: whole("validationBatchSize", options.validationBatchSize ?? batchSize),
    steps,
    shuffle: checkBoolean("handOver", "shuffle", options.shuffle ?? true),
    shardSize: whole("shardSize", options.shardSize ?? 4096),
    examplesByEpoch: checkBoolean("handOver", "examplesByEpoch", options.examplesByEpoch ?? false),
    passes: { first: passOf(position.epoch * steps + position.batch), last: passOf(epochs * steps - 1) },
  }
}

/** A model that computes in `call` names no ends: it has one of each. */
const orSingle = ({ inputs, outputs }: EndNames): EndNames => ({
  inputs: inputs.length > 0 ? inputs : ["input"],
  outputs: outputs.length > 0 ? outputs : ["output"],
})

/** The order of a pass, a permutation of all examples, is the trainer's own; its examples are shared unless they differ. */
async function writePass(run: HandedRun, folder: string, pass: number, before: Pass | undefined): Promise<Pass> {
  const { dataset, names, shardSize, shuffle, examplesByEpoch, trainer } = run
  const prefix = examplesByEpoch ? `training/pass-${pass}` : "training/examples"
  const place = { folder, prefix, shardSize, epoch: pass }
  const examples = before && !examplesByEpoch ? before.examples : await writeShards(dataset, names, place)
  if (!shuffle) return { order: null, examples }
  const order = `training/order-${pass}.npy`
  const data = stream(trainer.seed, "shuffle", "", pass).permutation(dataset.length)
  await writeFileAtomic(`${folder}/${order}`, writeNpy({ name: "order", shape: [data.length], data }))
  return { order, examples }
}

/** How far the run is, and what it has come to so far. */
function progressOf(trainer: Trainer, { epochs }: HandedRun) {
  const { position, pending, run, seed, step, lossMeans } = trainer
  const { epoch, history } = pending?.history ?? run?.history ?? { epoch: [], history: {} }
  return {
    format: "selvedge-hand-over",
    version: 1,
    epoch: position.epoch,
    batch: position.batch,
    epochs,
    step,
    seed,
    // An epoch that was begun: its means, and over how many examples.
    begun: position.batch > 0 ? { examples: lossMeans.getState().count, means: trainer.results() } : null,
    history: { epoch, history },
  }
}

const writeText = (path: string, text: string) => writeFileAtomic(path, new TextEncoder().encode(text))

/**
 * Takes a run back that `continue.py` has carried on: the trainer with the weights, the optimizer's state, the step and
 * the History of all epochs. Its next `fit`, with more epochs, goes on from there.
 * @throws FormatError when the program has not come to its end, or a file is damaged.
 */
export async function takeBack(folder: string, options: LoadOptions = {}): Promise<Trainer> {
  const file = `${folder}/${HISTORY}`
  if (!nodeFs()?.existsSync(file)) {
    const hint = `run python ${folder}/continue.py to its end first`
    throw refuseIn(file)("file", "the history of the run that was handed over", "no such file", hint)
  }
  const { epoch, seed, history } = await readProgress(file)
  const trainer = await loadTrainer(`${folder}/${RESULT}`, options)
  trainer.seed = seed
  trainer.pending = { position: { epoch, batch: 0 }, stopped: false, history, callbacks: {} }
  Object.assign(trainer.position, { epoch, batch: 0 })
  return trainer
}

async function readProgress(file: string) {
  const refuse = refuseIn(file)
  const { bytes } = await toBytes(file)
  const found = parseJsonObject(decodeUtf8(bytes, refuse, "text"), refuse, "text")
  const count = (name: string): number => {
    const value = found[name]
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value
    throw refuse(name, "a whole number", JSON.stringify(value) ?? "none")
  }
  return { epoch: count("epoch"), seed: count("seed"), history: historyOf(found, refuse) }
}

function historyOf({ history }: JsonObject, refuse: (place: string, expected: string, found: string) => FormatError) {
  const numbers = (value: unknown, name: string): number[] => {
    if (Array.isArray(value) && value.every(item => typeof item === "number")) return value
    throw refuse(`history: ${name}`, "a list of numbers", JSON.stringify(value) ?? "none")
  }
  if (!isObject(history) || !isObject(history.history)) throw refuse("history", "an object", "something else")
  const all = Object.entries(history.history).map(([name, values]) => [name, numbers(values, name)] as const)
  return { epoch: numbers(history.epoch, "epoch"), history: Object.fromEntries(all) }
}
