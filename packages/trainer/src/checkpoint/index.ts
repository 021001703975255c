import {
  type Arithmetic,
  assign,
  FormatError,
  freeCalls,
  getArithmetic,
  OptionError,
  setFreeCalls,
} from "@selvedge/core"
import { Layer, type Weight } from "@selvedge/layers"
import type { CallbackState } from "../callbacks/callback.ts"
import type { Config } from "../config.ts"
import type { Optimizer, OptimizerState } from "../optimizers/index.ts"
import type { Position, Trainer } from "../trainer.ts"

/** Everything a run needs to go on. */
export interface Checkpoint {
  readonly weights: readonly { key: string; shape: readonly number[]; trainable: boolean; values: Float32Array }[]
  /** Whether each layer learns, by its id in streams of random numbers. */
  readonly trainable: Readonly<Record<string, boolean>>
  /** How often layers were called outside of any run. */
  readonly freeCalls: Readonly<Record<string, number>>
  readonly optimizer: {
    readonly className: string
    readonly config: Config
    readonly state: OptimizerState
    /** Which of the model's weights it knows, in its order, and its variables. */
    readonly weights: readonly number[]
    readonly variables: readonly Float32Array[]
  }
  /** How products were summed. */
  readonly arithmetic: Arithmetic
  readonly seed: number
  readonly step: number
  readonly position: Position
  readonly stopped: boolean
  readonly lossMeans: { readonly totals: Record<string, number>; readonly count: number }
  readonly metrics: Readonly<Record<string, Float64Array>>
  readonly history: { readonly epoch: readonly number[]; readonly history: Readonly<Record<string, readonly number[]>> }
  readonly callbacks: Readonly<Record<string, CallbackState>>
}

/** Copies everything out of a trainer, at once. */
export function snapshot(trainer: Trainer): Checkpoint {
  const { model, optimizer, randomIds, run } = trainer
  const all = model.weights
  // A layer that was taken off the model leaves its state in the optimizer.
  const known = optimizer.weights.filter(w => all.some(({ id }) => id === w.id))
  const layers = [...randomIds].filter((entry): entry is [Layer, string] => entry[0] instanceof Layer)
  return {
    weights: all.map(w => ({
      key: w.key,
      shape: w.shape,
      trainable: w.trainable,
      values: Float32Array.from(w.read()),
    })),
    trainable: Object.fromEntries([["", model.trainable], ...layers.map(([layer, id]) => [id, layer.trainable])]),
    freeCalls: Object.fromEntries(layers.map(([layer, id]) => [id, freeCalls(layer)])),
    optimizer: {
      className: optimizer.className,
      config: optimizer.getConfig(),
      state: optimizer.getState(),
      weights: known.map(w => all.findIndex(({ id }) => id === w.id)),
      variables: optimizer.variablesFor(known).map(v => Float32Array.from(v.read())),
    },
    arithmetic: getArithmetic(),
    seed: trainer.seed,
    step: trainer.step,
    position: { ...trainer.position },
    stopped: trainer.stopTraining,
    lossMeans: trainer.lossMeans.getState(),
    metrics: trainer.metrics.getStates(),
    history: { epoch: run?.history.epoch ?? [], history: run?.history.history ?? {} },
    callbacks: run?.callbacks.getStates() ?? {},
  }
}

/**
 * Puts a checkpoint into a trainer of the same model and optimizer.
 * @throws OptionError when they are others; nothing has been changed then.
 */
export function restore(trainer: Trainer, checkpoint: Checkpoint): void {
  const { model, optimizer } = trainer
  const weights = matching(model, checkpoint)
  checkOptimizer(optimizer, checkpoint.optimizer)
  warnOfArithmetic(checkpoint)
  restoreLayers(trainer, checkpoint)
  checkpoint.weights.forEach(({ values, trainable }, i) => {
    const weight = weights[i]!
    weight.skipInitialisation()
    assign(weight, values)
    weight.trainable = trainable
  })
  const { state, variables } = checkpoint.optimizer
  // A rate set by hand has taken the place of a schedule, whose trainer has one variable less.
  if (state.learningRate !== null) optimizer.learningRate = state.learningRate
  optimizer.rebuild(checkpoint.optimizer.weights.map(index => weights[index]!))
  optimizer.setVariables(variables)
  optimizer.setState(state)
  trainer.seed = checkpoint.seed
  trainer.step = checkpoint.step
  Object.assign(trainer.position, checkpoint.position)
  trainer.lossMeans.setState(checkpoint.lossMeans)
  trainer.metrics.setStates(checkpoint.metrics)
  const { position, stopped, history, callbacks } = checkpoint
  trainer.pending = { position, stopped, history, callbacks }
}

function warnOfArithmetic({ arithmetic }: Checkpoint): void {
  const present = getArithmetic()
  if (arithmetic === present) return
  console.warn(
    `resume: the checkpoint was written under ${arithmetic} arithmetic, this is ${present}: the last bits will differ from ` +
      `those of an undisturbed run; call setArithmetic("${arithmetic}") first`,
  )
}

function restoreLayers({ model, randomIds }: Trainer, { trainable, freeCalls: calls }: Checkpoint): void {
  // Freezing a layer freezes those inside it, so the outer ones come first.
  model.trainable = trainable[""] ?? true
  for (const [layer, id] of randomIds) {
    if (!(layer instanceof Layer)) continue
    layer.trainable = trainable[id] ?? layer.trainable
    setFreeCalls(layer, calls[id] ?? 0)
  }
}

function matching(model: Layer, checkpoint: Checkpoint): readonly Weight[] {
  const { weights } = model
  if (!model.built) {
    throw new OptionError("resume: the model is not built, so its weights do not exist yet", {
      hint: "give its first layer an inputShape, or call model.build(shape)",
    })
  }
  const same = (i: number) => {
    const [ours, theirs] = [weights[i], checkpoint.weights[i]]
    return ours?.key === theirs?.key && String(ours?.shape) === String(theirs?.shape)
  }
  const other = Array.from({ length: Math.max(weights.length, checkpoint.weights.length) }, (_, i) => i).find(
    i => !same(i),
  )
  if (other === undefined) return weights
  const name = (w: { key: string; shape: readonly number[] } | undefined) =>
    w ? `${w.key} [${w.shape.join(", ")}]` : "none"
  throw new OptionError("resume: the checkpoint is of another model", {
    facts: {
      weight: other,
      "of the model": name(weights[other]),
      "of the checkpoint": name(checkpoint.weights[other]),
    },
  })
}

/** What may change while training: its present value is part of the state. */
const changing = new Set(["name", "learning_rate", "momentum"])

function checkOptimizer(optimizer: Optimizer, saved: Checkpoint["optimizer"]): void {
  if (optimizer.className !== saved.className) {
    throw new OptionError(`resume: the checkpoint is of ${saved.className}, the trainer has ${optimizer.className}`)
  }
  if (saved.state.learningRate === null && optimizer.schedule === null) {
    throw new OptionError("resume: in the checkpoint a schedule gives the learning rate, the trainer has a number")
  }
  const config: Config = JSON.parse(JSON.stringify(optimizer.getConfig()))
  for (const [key, value] of Object.entries(config)) {
    if (changing.has(key) || JSON.stringify(value) === JSON.stringify(saved.config[key])) continue
    throw new OptionError(`resume: the optimizer has another ${key} than the checkpoint`, {
      facts: { trainer: JSON.stringify(value), checkpoint: JSON.stringify(saved.config[key]) ?? "none" },
    })
  }
}

/**
 * A value read from a file as a checkpoint.
 * @throws FormatError when it is something else.
 */
export function asCheckpoint(path: string, value: unknown): Checkpoint {
  const keys = ["weights", "optimizer", "seed", "step", "position", "history", "callbacks", "lossMeans", "metrics"]
  if (typeof value === "object" && value !== null && keys.every(key => key in value)) return value as Checkpoint
  throw new FormatError("checkpoint: parts are missing", { facts: { file: path, expected: keys.join(", ") } })
}
