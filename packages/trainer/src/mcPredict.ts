import { checkKeys, checkNumber, noGrad, OptionError, type Tensor, tensor, wrap } from "@selvedge/core"
import { BatchNormalization, collectUpdates, Layer } from "@selvedge/layers"
import { asColumns } from "./data/arrays.ts"
import { gather } from "./data/dataset.ts"
import { log } from "./math.ts"
import { callModel, inputNames, randomIds, type TrainableModel } from "./model.ts"

/** What `mcPredict` can be told. */
export interface McPredictOptions {
  /** How many stochastic passes. Default 100. */
  readonly samples?: number
}

/** What the passes have in common, and how much they differ. */
export interface McPrediction {
  /** The mean over the passes. */
  readonly mean: Tensor
  /** The standard deviation over the passes. */
  readonly std: Tensor
  /** `-sum p log p` of the mean along the last axis: how uncertain a prediction of class probabilities is. */
  readonly entropy: Tensor
}

/** So many numbers of input are handed to the model at once. A fixed number, so that results do not depend on memory. */
const AT_ONCE = 1 << 23

/**
 * Monte Carlo dropout: predictions with dropout on, again and again; all passes of an example in one batch where they are
 * not too large. Batch normalisation stays in inference mode, and no state of the model changes.
 * Gal & Ghahramani 2016, https://arxiv.org/abs/1506.02142
 * @throws OptionError for a wrong option or a model with several outputs.
 */
export function mcPredict(model: TrainableModel, x: unknown, options: McPredictOptions = {}): McPrediction {
  checkKeys("mcPredict", options, ["samples"])
  const samples = checkNumber("mcPredict", "samples", options.samples ?? 100, { min: 1, integer: true })
  const columns = asColumns("x", x, inputNames(model))
  const examples = columns[0]!.length
  const perExample = columns.reduce((sum, c) => sum + c.size, 0)
  const step = Math.max(1, Math.min(samples, Math.floor(AT_ONCE / Math.max(1, examples * perExample))))
  const sums = new Sums()
  withoutBatchStatistics(model, () => {
    for (let done = 0; done < samples; done += step) {
      const passes = Math.min(step, samples - done)
      const indices = Uint32Array.from({ length: passes * examples }, (_, i) => i % examples)
      const inputs = columns.map(c => wrap(gather(c, indices), [indices.length, ...c.shape]))
      const [y, ...others] = noGrad(() => collectUpdates(() => callModel(model, inputs, true)).value)
      if (!y || others.length > 0) throw new OptionError("mcPredict: takes a model with one output")
      sums.add(y, examples)
    }
  })
  return sums.result(samples)
}

/** Sums of outputs and of their squares, in double. */
class Sums {
  #sum = new Float64Array(0)
  #squares = new Float64Array(0)
  #shape: readonly number[] = []

  add(y: Tensor, examples: number): void {
    const size = y.size / (y.shape[0]! / examples)
    if (this.#sum.length === 0) {
      this.#shape = [examples, ...y.shape.slice(1)]
      this.#sum = new Float64Array(size)
      this.#squares = new Float64Array(size)
    }
    y.read().forEach((value, i) => {
      this.#sum[i % size]! += value
      this.#squares[i % size]! += value * value
    })
  }

  result(samples: number): McPrediction {
    const mean = this.#sum.map(sum => sum / samples)
    const std = this.#squares.map((square, i) => Math.sqrt(Math.max(0, square / samples - mean[i]! * mean[i]!)))
    const n = this.#shape.at(-1) ?? 1
    const entropy = Float64Array.from({ length: mean.length / n }, (_, row) => {
      let sum = 0
      for (let j = row * n; j < (row + 1) * n; j++) if (mean[j]! > 0) sum -= mean[j]! * log(mean[j]!)
      return sum
    })
    return {
      mean: tensor(mean, this.#shape),
      std: tensor(std, this.#shape),
      entropy: tensor(entropy, this.#shape.slice(0, -1)),
    }
  }
}

/** Runs `fn` with batch normalisation frozen, which keeps it in inference mode. */
function withoutBatchStatistics(model: TrainableModel, fn: () => void): void {
  const layers = [model, ...randomIds(model).keys()].filter(layer => layer instanceof Layer)
  const thawed = layers.filter(layer => layer instanceof BatchNormalization && layer.trainable) as Layer[]
  for (const layer of thawed) layer.trainable = false
  try {
    fn()
  } finally {
    for (const layer of thawed) layer.trainable = true
  }
}
