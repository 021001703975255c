import { memory, setThreads, type Tensor } from "@selvedge/core"
import { BatchNormalization, Dense, type Layer } from "@selvedge/layers"
import { compile } from "@selvedge/trainer"
import { beforeEach, describe, expect, it } from "vitest"
import { collectUntil } from "./garbage.ts"
import { blobs, classifier } from "./small.ts"

const { x, y } = blobs(64)
const layers = (): Layer[] => [
  new Dense(33, { activation: "relu", inputShape: [2] }),
  new BatchNormalization(),
  new Dense(3, { activation: "softmax" }),
]
const once = { epochs: 1, batchSize: 16, verbose: 0 } as const

/** Bytes of mirrors: blocks are multiples of 64 bytes. */
const mirrorsOf = (tensors: readonly Tensor[]) => tensors.reduce((sum, { size }) => sum + 64 * Math.ceil(size / 16), 0)
const change = (before: ReturnType<typeof memory>) => {
  const now = memory()
  return {
    sessions: now.sessions - before.sessions,
    mirrors: now.mirrors - before.mirrors,
    exposed: now.exposed - before.exposed,
  }
}

beforeEach(async () => {
  setThreads(1)
  await collectUntil(() => memory().sessions === 0)
})

describe("what memory() tells of a trainer", () => {
  it("is one session that mirrors weights and slots, and what its steps compute in", async () => {
    const before = memory()
    const trainer = classifier({ optimizer: "adam" }, layers())
    expect(change(before)).toEqual({ sessions: 0, mirrors: 0, exposed: 0 })
    trainer.trainOnBatch(x, y)
    // The first step makes the slots: the second mirrors them.
    expect(change(before)).toEqual({ sessions: 1, mirrors: mirrorsOf(trainer.model.weights), exposed: 0 })
    await trainer.fit(x, y, once)
    const { weights, trainableWeights } = trainer.model
    const slots = trainableWeights.flatMap(w => [w, w])
    const all = { sessions: 1, mirrors: mirrorsOf([...weights, ...slots]), exposed: 0 }
    expect(change(before)).toEqual(all)
    await trainer.fit(x, y, { ...once, epochs: 3, validationData: [x, y] })
    await trainer.evaluate(x, y)
    await trainer.predict(x)
    expect(change(before)).toEqual(all)
    const { arena, arenaPeak, fallbacks, used, linear, mirrors } = memory()
    // The layers' outputs for 64 examples at once, at least.
    expect(arenaPeak).toBeGreaterThan(64 * (33 + 33 + 3) * 4)
    expect(arena).toBeGreaterThanOrEqual(arenaPeak)
    expect(used).toBeGreaterThanOrEqual(arena + mirrors)
    expect(linear).toBeGreaterThan(used)
    expect(fallbacks).toBe(0)
  })

  it("counts the weights whose data somebody holds, and no slot or copy", async () => {
    const trainer = classifier({}, layers())
    await trainer.fit(x, y, once)
    const { model } = trainer
    model.getWeights()
    String(model.weights[0])
    trainer.optimizer.variables.map(v => v.toArray())
    expect(memory().exposed).toBe(0)
    const held = [model.weights[0], model.weights[4]].map(w => w.data)
    model.weights[0].view()
    await trainer.fit(x, y, once)
    expect(memory().exposed).toBe(2)
    expect(held.map(data => [...data])).toEqual([0, 4].map(i => [...model.getWeights()[i]]))
  })

  it("has one mirror of a weight that two trainers share, until the last of them is gone", async () => {
    const before = memory()
    const trainer = classifier({ optimizer: "sgd" }, layers())
    const { model } = trainer
    const alsoTrain = async () => {
      const other = compile(model, { loss: "sparse_categorical_crossentropy", optimizer: "adam" })
      for (let i = 0; i < 2; i++) {
        await trainer.fit(x, y, once)
        await other.fit(x, y, once)
      }
      const slots = model.trainableWeights.flatMap(w => [w, w])
      expect(change(before)).toEqual({ sessions: 2, mirrors: mirrorsOf([...model.weights, ...slots]), exposed: 0 })
    }
    await alsoTrain()
    await collectUntil(() => memory().sessions === before.sessions + 1)
    expect(change(before)).toEqual({ sessions: 1, mirrors: mirrorsOf(model.weights), exposed: 0 })
    trainer.trainOnBatch(x, y)
    expect(change(before)).toEqual({ sessions: 1, mirrors: mirrorsOf(model.weights), exposed: 0 })
  })

  it("falls when nobody has the trainer any more; its weights stay what they were", async () => {
    const before = memory()
    const train = async () => {
      const trainer = classifier({ optimizer: "nadam" }, layers())
      await trainer.fit(x, y, once)
      await trainer.evaluate(x, y)
      return { model: trainer.model, trained: trainer.model.getWeights() }
    }
    const { model, trained } = await train()
    expect(change(before).sessions).toBe(1)
    await collectUntil(() => memory().sessions === before.sessions)
    expect(change(before)).toEqual({ sessions: 0, mirrors: 0, exposed: 0 })
    expect(model.getWeights()).toEqual(trained)
  })

  it("says how often a first step overflowed; the next ones have room", () => {
    // More than the block of a first step: 64 rows of 20,000 numbers are 5 MB.
    const wide = () => [
      new Dense(20_000, { activation: "relu", inputShape: [2] }),
      new Dense(3, { activation: "softmax" }),
    ]
    const trainer = classifier({}, wide())
    const before = memory()
    trainer.trainOnBatch(x, y)
    const { fallbacks } = memory()
    expect(fallbacks).toBeGreaterThan(before.fallbacks)
    for (let i = 0; i < 3; i++) trainer.trainOnBatch(x, y)
    expect(memory().fallbacks).toBe(fallbacks)
    expect(memory().arena).toBeGreaterThan(before.arena)
    expect(memory().arenaPeak).toBeGreaterThan(64 * 20_000 * 4)
  })
})
