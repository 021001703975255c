import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assign, mean, OptionError, square, sub, tensor } from "@selvedge/core"
import { Dense, Dropout, Sequential } from "@selvedge/layers"
import { compile, type Trainer } from "@selvedge/trainer"
import { expect, it } from "vitest"
import { blobs, classifier, smallModel } from "./small.ts"

const { x, y } = blobs(60)
const numbers = (trainer: Trainer) => trainer.model.getWeights().map(w => [...w])

it("a prediction inside the first step loses no update of a weight that somebody holds", () => {
  const run = (nested: boolean) => {
    const trainer: Trainer = classifier({
      metrics: [
        function peek(_, yPred) {
          if (nested) trainer.predictOnBatch(x)
          return mean(yPred)
        },
      ],
    })
    const held = trainer.model.weights.map(w => w.data)
    for (let i = 0; i < 2; i++) trainer.trainOnBatch(x, y)
    return held.map(w => [...w])
  }
  expect(run(true)).toEqual(run(false))
})

it("a teacher in a loss is seen as it is now, whether somebody holds its weights or not", () => {
  const images = tensor(x.data, x.shape)
  const run = (held: boolean) => {
    const teacher = classifier()
    teacher.trainOnBatch(x, y)
    for (const w of teacher.model.weights) held ? w.data.fill(0.1) : assign(w, new Float32Array(w.size).fill(0.1))
    const loss = (_: unknown, yPred: Parameters<typeof sub>[1]) => mean(square(sub(teacher.model.apply(images), yPred)))
    return compile(smallModel(), { loss, optimizer: "sgd", seed: 5 }).trainOnBatch(x, y).loss
  }
  expect(run(true)).toBe(run(false))
})

it("a dropout added to a trained model draws the same, whatever other layers the process has made", () => {
  const run = (others: number) => {
    for (let i = 0; i < others; i++) new Dropout(0.5)
    const model = smallModel()
    const trainer = compile(model, { loss: "mse", optimizer: "sgd", seed: 5 })
    const targets = { data: new Float32Array(180), shape: [60, 3] }
    trainer.trainOnBatch(x, targets)
    model.add(new Dropout(0.5))
    return trainer.trainOnBatch(x, targets).loss
  }
  expect(run(3)).toBe(run(0))
})

it("a checkpoint leaves out the optimizer's state of a layer that was taken off", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "selvedge-")), "run.checkpoint")
  const model = smallModel()
  const trainer = compile(model, { loss: "sparse_categorical_crossentropy", optimizer: "adam", seed: 5 })
  trainer.trainOnBatch(x, y)
  model.pop()
  model.add(new Dense(3, { activation: "softmax" }))
  trainer.trainOnBatch(x, y)
  await trainer.checkpoint(path)
  trainer.trainOnBatch(x, y)
  const want = numbers(trainer)
  await trainer.resume(path)
  trainer.trainOnBatch(x, y)
  expect(numbers(trainer)).toEqual(want)
})

it("what is no signal, no optimizer, no initializer, or a model of itself is refused in a sentence", async () => {
  const signal = new AbortController() as never
  for (const run of [
    () => classifier().fit(x, y, { signal, verbose: 0 }),
    () => classifier().evaluate(x, y, { signal }),
    () => classifier().predict(x, { signal }),
  ]) {
    await expect(run()).rejects.toThrow("signal must be an AbortSignal, got an instance of AbortController")
  }
  expect(() => classifier({ optimizer: {} as never })).toThrow("the optimizer must be a name or an Optimizer")
  for (const name of ["constructor", "hasOwnProperty"]) {
    const named = name as never
    expect(() => new Dense(3, { kernelInitializer: named })).toThrow(`initializer "${name}" is unknown`)
    expect(() => new Dense(3, { kernelRegularizer: named })).toThrow(OptionError)
    expect(() => new Dense(3, { kernelConstraint: named })).toThrow(OptionError)
  }
  const [a, b] = [new Sequential(), new Sequential()]
  a.add(b)
  expect(() => a.add(a)).toThrow("a model cannot be a layer of itself")
  expect(() => b.add(a)).toThrow("a model cannot be a layer of itself")
})
