import { isTensor, type Tensor, tensor, withRandom } from "@selvedge/core"
import { activationStatistics, type Inputs, type Layer, Model, type Weight } from "@selvedge/layers"
import type { Trainer } from "@selvedge/trainer"
import { gradientOf } from "../gradientOf.ts"
import { summarizeHistogram } from "../tensorboard/events.ts"
import type { DashboardEvent, LayerRow } from "./events.ts"

/** So many numbers of a weight are looked at, examples of a batch, histograms of a model: a bound on what a look costs. */
const mostNumbers = 8192
const mostExamples = 32
const mostHistograms = 24

/** Looks into a training step: `arm` before it, `read` after it. Changes nothing of the run, its random numbers included. */
export class Probe {
  readonly #before = new Map<Weight, readonly number[]>()
  #inputs: Inputs | null = null

  arm({ model }: Trainer): void {
    for (const weight of model.trainableWeights) this.#before.set(weight, sampled(weight.read(), weight))
    this.#inputs = null
    atNextCall(model, x => {
      this.#inputs = isTensor(x) ? firstExamples(x) : x.map(firstExamples)
    })
  }

  disarm({ model }: Trainer): void {
    this.#before.clear()
    Reflect.deleteProperty(model, "applyAll")
  }

  read(trainer: Trainer): DashboardEvent[] {
    const { step, model } = trainer
    const layers = this.#layers(trainer)
    this.#before.clear()
    const every = Math.ceil(model.weights.length / mostHistograms)
    const histograms = model.weights.flatMap((weight, i): DashboardEvent[] => {
      const found = i % every === 0 ? summarizeHistogram(sampled(weight.read(), weight), 30) : undefined
      if (!found) return []
      const edges = [found.min, ...found.limits]
      return [{ type: "histogram", step, name: weight.name, edges, counts: found.buckets }]
    })
    return [{ type: "layers", step, layers }, ...histograms]
  }

  /** The layers in the order in which they ran, then those that only gradients are known of. */
  #layers(trainer: Trainer): LayerRow[] {
    const gradients = this.#gradients(trainer)
    const rows = new Map<string, LayerRow>()
    for (const { name, mean, std, dead, saturated } of this.#activations(trainer)) {
      rows.set(name, { name, activation: { mean, std, dead, saturated } })
    }
    for (const row of gradients) rows.set(row.name, { ...rows.get(row.name), ...row })
    return [...rows.values()]
  }

  /** As in inference. In a random context of its own: a layer that draws even then must not shift the run's numbers. */
  #activations({ model, seed, step, randomIds }: Trainer) {
    const inputs = this.#inputs
    if (inputs === null || !(model instanceof Model)) return []
    const context = { seed, purpose: "dashboard", position: [step], idOf: (layer: object) => randomIds.get(layer) }
    return withRandom(context, () => activationStatistics(model, inputs))
  }

  #gradients({ optimizer }: Trainer): LayerRow[] {
    const found = new Map<string, { gradient: number[]; before: number; update: number }>()
    for (const [weight, before] of this.#before) {
      const gradient = gradientOf(weight, optimizer)
      if (gradient === null) continue
      const name = weight.name.slice(0, weight.name.lastIndexOf("/"))
      const sums = found.get(name) ?? { gradient: [], before: 0, update: 0 }
      found.set(name, sums)
      sums.gradient = sums.gradient.concat(sampled(gradient, weight))
      sampled(weight.read(), weight).forEach((after, i) => {
        const was = before[i] ?? after
        sums.before += was * was
        sums.update += (after - was) * (after - was)
      })
    }
    return [...found].map(([name, { gradient, before, update }]) => {
      const ratio = before > 0 ? { updateRatio: Math.sqrt(update / before) } : {}
      return { name, gradient: momentsOf(gradient), ...ratio }
    })
  }
}

function momentsOf(values: readonly number[]) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0)
  return { mean, std: Math.sqrt(squares / values.length) }
}

/** Numbers of a weight at even distances, which share no factor with its columns: else some would never be met. */
function sampled(values: ArrayLike<number>, { shape }: Weight): number[] {
  let stride = Math.ceil(values.length / mostNumbers)
  while (stride > 1 && commonFactor(stride, shape.at(-1) ?? 1) > 1) stride++
  return Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride] ?? 0)
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b)
}

function firstExamples(x: Tensor): Tensor {
  const [all = 1, ...inner] = x.shape
  const n = Math.min(all, mostExamples)
  return tensor(x.read().slice(0, (x.size / all) * n), [n, ...inner])
}

/**
 * Shows `take` the inputs of the model's next call. Callbacks are not given a step's batch, and `fit` calls the model by
 * this method: an own property stands before the class's for that one call.
 */
function atNextCall(model: Layer, take: (x: Inputs) => void): void {
  const value = (x: Inputs, options: object) => {
    Reflect.deleteProperty(model, "applyAll")
    take(x)
    return model.applyAll(x, options)
  }
  Object.defineProperty(model, "applyAll", { value, configurable: true })
}
