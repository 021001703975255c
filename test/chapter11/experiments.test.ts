import { readdirSync } from "node:fs"
import { join } from "node:path"
import { type Experiment, experiments, isTraining, type Plan, type Training } from "@selvedge/chapter11"
import { math } from "@selvedge/core"
import type { Trainer } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { seluConstants } from "../../packages/chapter11/src/experiments/figures.ts"
import { jobsFor } from "../../packages/chapter11/src/running/jobs.ts"

/** `[parameters, trainable ones]` as Keras 3.15 counts them in the same networks. */
const counts: Record<string, [number, number]> = {
  leaky_relu: [266610, 266610],
  prelu: [267010, 267010],
  selu_100: [1256410, 1256410],
  relu_100: [1256410, 1256410],
  bn: [271346, 268978],
  bn_before: [270946, 268578],
  power: [266610, 266610],
  exponential_epoch: [266610, 266610],
  exponential_step: [266610, 266610],
  piecewise: [266610, 266610],
  plateau: [266610, 266610],
  keras_exponential: [266610, 266610],
  one_cycle: [266610, 266610],
  l2: [266610, 266610],
  dropout: [266610, 266610],
  alpha_dropout: [266610, 266610],
  max_norm: [266610, 266610],
  model_A: [276158, 276158],
  model_B: [275801, 275801],
  // Exercise 8 by hand: 3,072 x 100 + 100, nineteen times 100 x 100 + 100, 1,010; batch norm 4 (3,072 + 20 x 100), half of it moving.
  cifar10_elu: [500210, 500210],
  cifar10_bn: [520498, 510354],
  cifar10_alpha_dropout: [500210, 500210],
}

const training = (key: string): Training => {
  const experiment: Experiment = experiments[key]!
  if (!isTraining(experiment)) throw new Error(`${key} is no training`)
  return experiment
}

const plan = (key: string): Plan => {
  const { epochs, batchSize = 32, learningRate = 1e-3 } = training(key)
  return { seed: 42, epochs, batchSize, learningRate, images: 55_000, steps: Math.ceil(55_000 / batchSize) }
}

it("keys are the names of their files", () => {
  const files = readdirSync(join(import.meta.dirname, "../../packages/chapter11/src/experiments"))
  expect(Object.keys(experiments).toSorted()).toEqual(
    files
      .filter(file => file !== "index.ts")
      .map(file => file.replace(".ts", ""))
      .toSorted(),
  )
})

it.each(Object.entries(counts))("%s has as many parameters as in Keras", (key, [all, trainable]) => {
  const model = training(key).model(42)
  expect(model.countParams()).toBe(all)
  expect(model.trainableWeights.reduce((sum, weight) => sum + weight.size, 0)).toBe(trainable)
})

// What peers/keras_chapter11.py says, line by line.
it.each([
  ["leaky_relu", 10, 32, "scaled", "SGD", 1e-3],
  ["prelu", 10, 32, "scaled", "SGD", 1e-3],
  ["selu_100", 5, 32, "standardized", "SGD", 1e-3],
  ["relu_100", 5, 32, "standardized", "SGD", 1e-3],
  ["bn", 10, 32, "scaled", "SGD", 1e-3],
  ["bn_before", 10, 32, "scaled", "SGD", 1e-3],
  ["model_A", 20, 32, "scaled", "SGD", 1e-3],
  ["model_B", 20, 32, "scaled", "SGD", 1e-3],
  ["power", 25, 32, "standardized", "SGD", 0.01],
  ["exponential_epoch", 25, 32, "standardized", "Nadam", 1e-3],
  ["exponential_step", 25, 32, "standardized", "Nadam", 0.01],
  ["piecewise", 25, 32, "standardized", "Nadam", 1e-3],
  ["plateau", 25, 32, "standardized", "SGD", 0.02],
  ["keras_exponential", 25, 32, "standardized", "SGD", 0.01],
  ["one_cycle", 25, 128, "standardized", "SGD", 0.005],
  ["l2", 2, 32, "standardized", "Nadam", 1e-3],
  ["dropout", 2, 32, "standardized", "Nadam", 1e-3],
  ["alpha_dropout", 20, 32, "standardized", "SGD", 0.01],
  ["max_norm", 2, 32, "standardized", "Nadam", 1e-3],
  // The book's exercise 8.
  ["cifar10_elu", 100, 32, "bytes", "Nadam", 5e-5],
  ["cifar10_bn", 100, 32, "bytes", "Nadam", 5e-4],
  ["cifar10_selu", 100, 32, "standardized", "Nadam", 7e-4],
  ["cifar10_alpha_dropout", 100, 32, "standardized", "Nadam", 5e-4],
  ["cifar10_one_cycle", 15, 128, "standardized", "SGD", 0.005],
] as const)("%s is told what Keras was told", (key, epochs, batchSize, pixels, optimizer, rate) => {
  const experiment = training(key)
  expect(experiment.epochs).toBe(epochs)
  expect(experiment.batchSize ?? 32).toBe(batchSize)
  expect(experiment.pixels ?? "scaled").toBe(pixels)
  const made = experiment.optimizer(plan(key))
  expect(made.className).toBe(optimizer)
  expect(made.learningRate).toBeCloseTo(rate, 12)
})

describe("learning rates step by step, against the book's formulas", () => {
  /** The rate in force at a step, as the callbacks and schedules of the experiment make it. */
  const rateAt = (key: string, step: number): number => {
    const p = plan(key)
    const experiment = training(key)
    const optimizer = experiment.optimizer(p)
    const callbacks = experiment.callbacks?.(p) ?? []
    const position = { epoch: 0, batch: 0 }
    const trainer = { optimizer, position, step: 0 } as Partial<Trainer> as Trainer
    if (callbacks.length === 0) {
      const { schedule } = optimizer
      return typeof schedule === "object" && schedule !== null ? schedule.at(step) : optimizer.learningRate
    }
    for (let at = 0; at <= step; at++) {
      if (at % p.steps === 0) for (const c of callbacks) c.onEpochBegin?.(at / p.steps, trainer)
      for (const c of callbacks) c.onTrainBatchBegin?.(at % p.steps, trainer)
    }
    return optimizer.learningRate
  }
  const epoch = 1719
  it.each([
    ["power", 10_000, 0.01 / 2],
    ["keras_exponential", 34_375, 0.001],
    ["exponential_epoch", 10 * epoch + 3, 0.01 * 10 ** -0.5],
    ["exponential_step", 34_374, 0.001],
    ["piecewise", 4 * epoch, 0.01],
    ["piecewise", 5 * epoch, 0.005],
    ["piecewise", 15 * epoch, 0.001],
    ["one_cycle", 0, 0.005],
    ["one_cycle", 4837, 0.05],
    ["one_cycle", 9674, 0.005],
  ])("%s at step %d", (key, step, want) => {
    expect(Math.abs(rateAt(key, step) / want - 1)).toBeLessThan(1e-9)
  })
})

it("SELU's constants follow from equation 14, and are the library's", () => {
  const { alpha, scale } = seluConstants()
  expect(alpha).toBeCloseTo(1.6732632423543772, 12)
  expect(scale).toBeCloseTo(1.0507009873554805, 12)
  expect(math.erfc(1)).toBeCloseTo(0.15729920705028513, 14)
})

it("jobs come in the book's order, seed by seed, with what they need before them", () => {
  const names = (keys: string[], seeds: number[]) => jobsFor(keys, seeds).map(({ key, seed }) => `${key} ${seed}`)
  expect(names(["B_on_A", "leaky_relu"], [7])).toEqual(["leaky_relu 7", "model_A 7", "model_B 7", "B_on_A 7"])
  expect(names(["mc_dropout"], [1, 2])).toEqual(["alpha_dropout 1", "mc_dropout 1", "alpha_dropout 2", "mc_dropout 2"])
})
