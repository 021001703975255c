import { isTensor, type Tensor, tensor } from "@selvedge/core"
import {
  activationStatistics,
  BatchNormalization,
  bottleneck,
  cloneModel,
  Dense,
  freeze,
  freezeUpTo,
  loadMatching,
  type Model,
  Sequential,
  unfreeze,
} from "@selvedge/layers"
import { Adam, AdamW, compile, SGD } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { blobs } from "./small.ts"

// Transfer learning as a user does it: with a trainer, over epochs.

const { x, y } = blobs(96)
const points = tensor(x.data, x.shape)
const make = (seed = 3) =>
  new Sequential(
    [
      new Dense(8, { activation: "tanh", inputShape: [2], name: "low" }),
      new BatchNormalization({ name: "norm" }),
      new Dense(6, { activation: "tanh", name: "high" }),
      new Dense(3, { activation: "softmax", name: "out" }),
    ],
    { seed },
  )
const train = (model: Model, options: object = {}) =>
  compile(model, { loss: "sparse_categorical_crossentropy", optimizer: new SGD({ learningRate: 0.1 }), ...options })
const values = (model: Model) => Object.fromEntries(model.weights.map(w => [w.name, [...w.read()]]))
const changed = (model: Model, before: Record<string, number[]>) =>
  model.weights.filter(w => [...w.read()].join() !== before[w.name]!.join()).map(w => w.name)
const one = (y: Tensor | Tensor[]): Tensor => {
  if (!isTensor(y)) throw new Error("one output is expected")
  return y
}

describe("freezing in fit", () => {
  it("keeps weights and statistics to the bit, and lets them go without compiling again", async () => {
    const model = make()
    const trainer = train(model, { optimizer: "adam" })
    freezeUpTo(model, "norm")
    const before = values(model)
    await trainer.fit(x, y, { epochs: 2, verbose: 0 })
    expect(changed(model, before)).toEqual(["high/kernel", "high/bias", "out/kernel", "out/bias"])
    unfreeze(model)
    await trainer.fit(x, y, { epochs: 2, verbose: 0 })
    expect(changed(model, before)).toEqual(model.weights.map(w => w.name))
    freeze(model)
    const after = values(model)
    await trainer.fit(x, y, { epochs: 1, verbose: 0 })
    expect(changed(model, after)).toEqual([])
  })

  it("of a bottleneck: training the head is training the whole", async () => {
    const [whole, split] = [make(), make()]
    for (const model of [whole, split]) freezeUpTo(model, "norm")
    const options = { epochs: 3, shuffle: false, verbose: 0 } as const
    const { history } = await train(whole).fit(x, y, options)
    const { head, data } = bottleneck(split, "norm", points)
    const run = await train(head).fit(data, y, options)
    expect(run.history.loss!.length).toBe(3)
    run.history.loss!.forEach((loss, i) => {
      expect(loss).toBeCloseTo(history.loss![i]!, 6)
    })
    const want = values(whole)
    for (const w of split.weights) {
      ;[...w.read()].forEach((v, i) => {
        expect(v).toBeCloseTo(want[w.name]![i]!, 5)
      })
    }
  })
})

describe("one rate for each layer", () => {
  const step = (optimizer: () => SGD | AdamW, factor: number) => {
    const model = make()
    const before = values(model)
    model.getLayer("low").learningRateMultiplier = factor
    train(model, { optimizer: optimizer() }).trainOnBatch(x, y)
    const moved = (name: string) =>
      model.weights
        .find(w => w.name === name)!
        .read()
        .map((v, i) => v - before[name]![i]!)
    return { low: [...moved("low/kernel")], high: [...moved("high/kernel")] }
  }

  it.each([
    ["SGD", () => new SGD({ learningRate: 0.1 })],
    ["AdamW", () => new AdamW({ learningRate: 0.01, weightDecay: 0.1 })],
  ])("%s moves the layer by the factor, and no other", (_, optimizer) => {
    const [plain, tenth, none] = [1, 0.1, 0].map(factor => step(optimizer, factor))
    expect(tenth!.high).toEqual(plain!.high)
    expect(none!.low).toEqual(Array(16).fill(0))
    // To what float32 leaves of the difference of two weights.
    tenth!.low.forEach((change, i) => {
      expect(Math.abs(change - 0.1 * plain!.low[i]!)).toBeLessThan(1.5e-7)
    })
    expect(Math.max(...plain!.low.map(Math.abs))).toBeGreaterThan(1e-3)
  })
})

describe("weights that do not decay", () => {
  it("are those whose names hold one of the fragments: the others lose rate times decay of themselves", () => {
    const run = (fragments: string[]) => {
      const model = make()
      for (const w of model.weights) if (w.key === "bias") w.data.fill(0.5)
      const optimizer = new SGD({ learningRate: 0.1, weightDecay: 0.5 })
      optimizer.excludeFromWeightDecay(fragments)
      train(model, { optimizer }).trainOnBatch(x, y)
      return values(model)
    }
    const [all, biased] = [run([]), run(["bias", "norm/"])]
    for (const name of ["low/bias", "high/bias", "out/bias"]) {
      all[name]!.forEach((v, i) => {
        expect(biased[name]![i]! - v).toBeCloseTo(0.5 * 0.5 * 0.1, 6)
      })
    }
    expect(biased["norm/gamma"]![0]! - all["norm/gamma"]![0]!).toBeCloseTo(0.05, 6)
    expect(biased["low/kernel"]).toEqual(all["low/kernel"])
  })
})

describe("weights that are given on", () => {
  it("shared layers change with the model that trains them, a clone's do not; matching copies by name", async () => {
    const a = make()
    await train(a).fit(x, y, { epochs: 2, verbose: 0 })
    const clone = cloneModel(a, { weights: true })
    const before = values(a)
    const b = new Sequential([...a.layers.slice(0, -1), new Dense(3, { activation: "softmax", name: "b" })], {
      seed: 1,
    })
    await train(b).fit(x, y, { epochs: 1, verbose: 0 })
    expect(changed(a, before)).toEqual(a.weights.map(w => w.name).filter(name => !name.startsWith("out/")))
    expect(values(clone)).toEqual(before)
    const student = make(9)
    expect(loadMatching(student, clone).missing).toEqual([])
    expect([...one(await student.predict(x)).data]).toEqual([...one(await clone.predict(x)).data])
  })

  it("an encoder learned without labels is reused under a classifier, frozen first, then free", async () => {
    const encoder = new Sequential([new Dense(4, { activation: "tanh", inputShape: [2] })], {
      name: "encoder",
      seed: 1,
    })
    const autoencoder = compile(new Sequential([encoder, new Dense(2)], { seed: 2 }), {
      loss: "mse",
      optimizer: new Adam({ learningRate: 0.02 }),
    })
    const { history } = await autoencoder.fit(x, x, { epochs: 30, verbose: 0 })
    expect(history.loss!.at(-1)).toBeLessThan(0.6 * history.loss![0]!)
    const classifier = new Sequential([encoder, new Dense(3, { activation: "softmax" })], { seed: 3 })
    const trainer = train(classifier, { metrics: ["accuracy"] })
    const learned = encoder.getWeights()
    freeze(classifier, "encoder")
    await trainer.fit(x, y, { epochs: 10, verbose: 0 })
    expect(encoder.getWeights()).toEqual(learned)
    unfreeze(classifier)
    const run = await trainer.fit(x, y, { epochs: 20, verbose: 0 })
    expect(encoder.getWeights()).not.toEqual(learned)
    expect(run.history.accuracy!.at(-1)).toBeGreaterThan(0.85)
    const names = activationStatistics(classifier, points).map(layer => layer.className)
    expect(names).toEqual(["Dense", "Dense"])
  })
})
