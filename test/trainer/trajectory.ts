import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync } from "node:zlib"
import { deserialize, type Layer, Sequential } from "@selvedge/layers"
import { compile, deserializeOptimizer, type LossName, type Trainer } from "@selvedge/trainer"
import { expect } from "vitest"
import { type Encoded, numbers } from "./fixtures.ts"

type LayerSpec = [className: string, config: Record<string, unknown>]

interface Summary {
  name: string
  shape: number[]
  mean: number
  std: number
  l2: number
  first8: number[]
}

interface Phase {
  epochs: number
  freeze?: number[]
  new_head?: LayerSpec
  loss?: LossName
  positive_class?: number
}

export interface Trajectory {
  name: string
  layers: LayerSpec[]
  optimizer: LayerSpec
  loss: LossName
  phases: Phase[]
  data: { first: number; train: number; validation: number; batch: number }
  initial_weights: { file: string; tensors: { name: string; shape: number[]; offset: number }[] }
  float64: {
    step_loss: number[]
    epochs: { loss: number; accuracy: number; val_loss: number; val_accuracy: number }[]
    final_weights: Summary[]
    predictions: Encoded
  }
  tolerance_against_float64: {
    loss_relative_per_step: number
    weights_relative_l2: number
    predictions_abs: number
    val_loss_relative: number
  }
}

/** Pixels as float32(byte) / float32(255), and labels, as the fixtures' generator reads them. */
export function readImages(folder: string, first: number, count: number) {
  const read = (name: string) => gunzipSync(readFileSync(join(folder, name)))
  const bytes = read("train-images-idx3-ubyte.gz").subarray(16 + first * 784, 16 + (first + count) * 784)
  const labels = read("train-labels-idx1-ubyte.gz").subarray(8 + first, 8 + first + count)
  return { pixels: Float32Array.from(bytes, byte => byte / 255), labels: Float32Array.from(labels) }
}

export const isImageFolder = (folder: string | undefined): folder is string =>
  folder !== undefined && existsSync(join(folder, "train-images-idx3-ubyte.gz"))

function makeLayer([class_name, config]: LayerSpec): Layer {
  const entries = Object.entries(config).map(([key, value]) => [key, penaltyOrValue(value)])
  return deserialize({ class_name, config: Object.fromEntries(entries) })
}

function penaltyOrValue(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value
  if ("reg" in value && "args" in value) return { class_name: value.reg, config: value.args }
  if ("con" in value && "args" in value) return { class_name: value.con, config: value.args }
  return value
}

interface Result {
  stepLoss: number[]
  epochs: Record<string, number>[]
  weights: Float32Array[]
  predictions: ArrayLike<number>
}

/** Trains as the fixture says, step by step, and watches every loss. */
export async function run(t: Trajectory, dataFolder: string, weightsFolder: string): Promise<Result> {
  const { first, train, validation, batch } = t.data
  const { pixels, labels } = readImages(dataFolder, first, train + validation)
  const image = (from: number, to: number) => ({
    data: pixels.subarray(from * 784, to * 784),
    shape: [to - from, 28, 28],
  })
  const initial = readFileSync(join(weightsFolder, t.initial_weights.file))
  const values = t.initial_weights.tensors.map(({ shape, offset }) => {
    const size = shape.reduce((product, n) => product * n, 1)
    return new Float32Array(initial.buffer.slice(initial.byteOffset + offset, initial.byteOffset + offset + 4 * size))
  })
  const layers = t.layers.map(makeLayer)
  let model = new Sequential(layers)
  model.build([null, 28, 28])
  model.setWeights(values.slice(0, model.weights.length))
  const headValues = values.slice(model.weights.length)
  const stepLoss: number[] = []
  const epochs: Record<string, number>[] = []
  let trainer: Trainer | null = null
  for (const phase of t.phases) {
    if (phase.new_head) {
      const head = makeLayer(phase.new_head)
      model = new Sequential([...layers.slice(0, -1), head])
      model.build([null, 28, 28])
      head.setWeights(headValues)
    }
    model.layers.forEach((layer, i) => {
      layer.trainable = !(phase.freeze ?? []).includes(i)
    })
    const optimizer = deserializeOptimizer({ class_name: t.optimizer[0], config: t.optimizer[1] })
    trainer = compile(model, { loss: phase.loss ?? t.loss, optimizer, metrics: ["accuracy"], seed: 1 })
    const wanted = phase.positive_class
    const target = wanted === undefined ? labels : labels.map(label => Number(label === wanted))
    let previous = { total: 0, count: 0 }
    const { history } = await trainer.fit(image(0, train), target.subarray(0, train), {
      epochs: phase.epochs,
      batchSize: batch,
      shuffle: false,
      verbose: 0,
      validationData: [image(train, train + validation), target.subarray(train)],
      callbacks: [
        {
          onEpochBegin: () => {
            previous = { total: 0, count: 0 }
          },
          onTrainBatchEnd: (_, logs) => {
            const count = previous.count + batch
            const total = logs.loss * count
            stepLoss.push((total - previous.total) / batch)
            previous = { total, count }
          },
        },
      ],
    })
    for (let epoch = 0; epoch < phase.epochs; epoch++) {
      epochs.push(Object.fromEntries(Object.entries(history).map(([name, list]) => [name, list[epoch]])))
    }
  }
  const predictions = await trainer?.predict(image(train, train + 8))
  if (!predictions || Array.isArray(predictions)) throw new Error("one output expected")
  return { stepLoss, epochs, weights: model.getWeights(), predictions: predictions.data }
}

/** Compares a run with Keras in float64, at the fixture's tolerances. */
export function compare(t: Trajectory, result: Result): void {
  const tolerance = t.tolerance_against_float64
  const { step_loss, epochs, final_weights, predictions } = t.float64
  expect(result.stepLoss.length).toBe(step_loss.length)
  step_loss.forEach((want, i) => {
    expect(Math.abs(result.stepLoss[i] / want - 1), `loss of step ${i}`).toBeLessThan(tolerance.loss_relative_per_step)
  })
  expect(result.epochs.length).toBe(epochs.length)
  epochs.forEach((want, i) => {
    const got = result.epochs[i]
    expect(Object.keys(got)).toEqual(["loss", "accuracy", "val_loss", "val_accuracy"])
    expect(Math.abs(got.loss / want.loss - 1)).toBeLessThan(tolerance.loss_relative_per_step)
    expect(Math.abs(got.val_loss / want.val_loss - 1)).toBeLessThan(tolerance.val_loss_relative)
    expect(Math.abs(got.accuracy - want.accuracy)).toBeLessThanOrEqual(1 / t.data.train + 1e-6)
    expect(Math.abs(got.val_accuracy - want.val_accuracy)).toBeLessThanOrEqual(1 / t.data.validation + 1e-6)
  })
  numbers(predictions.data).forEach((want, i) => {
    expect(Math.abs(result.predictions[i] - want), `prediction ${i}`).toBeLessThan(tolerance.predictions_abs)
  })
  expect(result.weights.length).toBe(final_weights.length)
  final_weights.forEach((want, i) => {
    compareWeights(result.weights[i], want, tolerance.weights_relative_l2)
  })
}

function compareWeights(got: Float32Array, want: Summary, relative: number): void {
  const l2 = Math.sqrt(got.reduce((sum, w) => sum + w * w, 0))
  const mean = got.reduce((sum, w) => sum + w, 0) / got.length
  const root = Math.sqrt(got.length)
  const allowed = relative * want.l2
  expect(Math.abs(l2 - want.l2), `${want.name} l2`).toBeLessThan(allowed)
  // A tensor that is off by d in l2 is off by at most d / sqrt(n) in its mean, and by d in any one entry.
  expect(Math.abs(mean - want.mean), `${want.name} mean`).toBeLessThan(allowed / root + 1e-12)
  want.first8.forEach((w, i) => {
    expect(Math.abs(got[i] - w), `${want.name}[${i}]`).toBeLessThan(allowed)
  })
}
