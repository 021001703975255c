import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assign, type Buffer, memory, setThreads, stream } from "@selvedge/core"
import { BatchNormalization, Dense, Dropout, type Layer, type Model, Sequential, type Weight } from "@selvedge/layers"
import { Adam, type Callback, type CompileOptions, compile, SGD, type Trainer } from "@selvedge/trainer"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { setMirrorBudget } from "../../packages/core/src/kernels/session.ts"
import { bitsOf } from "../core/kernels/twins.ts"
import { blobs, classifier } from "./small.ts"

const { x, y } = blobs(48)
const trunk = (): Layer[] => [
  new Dense(17, { activation: "selu", inputShape: [2], name: "low" }),
  new BatchNormalization({ name: "norm" }),
  new Dropout(0.2, { name: "drop" }),
]
const head = (name = "out") => new Dense(3, { activation: "softmax", name })
const train = (model: Model, optimizer: CompileOptions["optimizer"] = new SGD({ learningRate: 0.1 })) =>
  compile(model, { loss: "sparse_categorical_crossentropy", optimizer, seed: 5 })
const weightsOf = ({ model }: Pick<Trainer, "model">) => bitsOf(model.getWeights())
const same = (held: readonly ArrayLike<number>[], model: Pick<Model, "getWeights">) =>
  bitsOf(held.map(data => Float32Array.from(data))) === bitsOf(model.getWeights())

beforeEach(() => setThreads(1))

describe("trainers whose models share weights", () => {
  const alone = (): [Model, Model] => {
    const make = () => new Sequential([...trunk(), head()], { seed: 7 })
    return [make(), make()]
  }
  const shared: Record<string, () => [Model, Model, number]> = {
    "all, being one model": () => {
      const model = new Sequential([...trunk(), head()], { seed: 7 })
      return [model, model, model.weights.length]
    },
    "those of some layers": () => {
      const layers = trunk()
      const make = (name: string) => new Sequential([...layers, head(name)], { seed: 7 })
      return [make("a"), make("b"), 6]
    },
  }

  it.each(Object.entries(shared))("take turns: %s", (_, make) => {
    const [a, b, common] = make()
    const copies = alone()
    for (const [i, model] of [a, b].entries()) copies[i].setWeights(model.getWeights())
    const trainersOf = (first: Model, second: Model) => [
      train(first, new SGD({ momentum: 0.9 })),
      train(second, "adam"),
    ]
    const [trainers, references] = [trainersOf(a, b), trainersOf(...copies)]
    let held: ArrayLike<number>[] = []
    // After the fourth turn somebody holds what is shared.
    for (const [turn, which] of [0, 0, 1, 0, 1, 1, 0, 1, 0].entries()) {
      if (turn === 4) held = a.weights.map(w => w.data)
      trainers[which].trainOnBatch(x, y)
      // Models of their own, which are handed the weights at each turn.
      const [before, after] = [copies[1 - which], copies[which]]
      references[which].trainOnBatch(x, y)
      before.setWeights([...after.getWeights().slice(0, common), ...before.getWeights().slice(common)])
      expect([a, b].map(model => bitsOf(model.getWeights()))).toEqual(copies.map(model => bitsOf(model.getWeights())))
      if (turn >= 4) expect(same(held, a)).toBe(true)
    }
  })
})

describe("weights that are written between steps", () => {
  const fresh = (weights: readonly Weight[]) =>
    weights.map(({ size, key }, i) => {
      const values = stream(4, "test", "written", i).uniform(new Float32Array(size))
      // A variance is not negative.
      return key.includes("variance") ? values.map(v => v + 0.5) : values.map(v => v - 0.5)
    })
  const ways: Record<string, (model: Model, held: readonly { set(x: ArrayLike<number>): void }[]) => void> = {
    assign: ({ weights }) => {
      for (const [i, values] of fresh(weights).entries()) assign(weights[i], values)
    },
    setWeights: model => model.setWeights(fresh(model.weights)),
    "an array that is held": ({ weights }, held) => {
      for (const [i, values] of fresh(weights).entries()) (held[i] ?? weights[i].data).set(values)
    },
  }
  const make = () => new Sequential([...trunk().slice(0, 2), head()], { seed: 7 })

  describe.each([false, true])("held since before: %s", since => {
    it.each(Object.entries(ways))("by %s are what the next step, evaluate and predict use", async (_, write) => {
      const [model, other] = [make(), make()]
      const [trainer, reference] = [train(model), train(other)]
      const held = since ? model.weights.map(w => w.data) : []
      for (let i = 0; i < 3; i++) trainer.trainOnBatch(x, y)
      write(model, held)
      other.setWeights(fresh(other.weights))
      const looks: readonly ((trainer: Trainer) => unknown)[] = [
        trainer => trainer.trainOnBatch(x, y),
        trainer => trainer.evaluate(x, y),
        async trainer => [await trainer.predict(x)].flat().map(p => p.toArray()),
        trainer => trainer.trainOnBatch(x, y),
        weightsOf,
      ]
      for (const look of looks) {
        const [got, want] = await Promise.all([trainer, reference].map(look))
        expect(got).toEqual(want)
      }
      if (since) expect(same(held, model)).toBe(true)
    })
  })

  it("by a callback, in every way, are what the next step of fit uses", async () => {
    const half = (values: ArrayLike<number>) => Float32Array.from(values, v => v / 2)
    const run = async (capture: boolean, write: (model: Model, captured: Buffer) => void) => {
      const model = make()
      const [kernel] = model.weights
      // Before `fit`, by whoever writes into it.
      const captured = capture ? kernel.data : new Float32Array(0)
      const onTrainBatchEnd = () => {
        if (capture) expect([...captured]).toEqual([...kernel.read()])
        write(model, captured)
      }
      await train(model).fit(x, y, { epochs: 3, batchSize: 16, verbose: 0, callbacks: [{ onTrainBatchEnd }] })
      return bitsOf(model.getWeights())
    }
    const results = [
      await run(false, ({ weights }) => assign(weights[0], half(weights[0].read()))),
      await run(false, model => model.setWeights(model.getWeights().map((w, i) => (i === 0 ? half(w) : w)))),
      await run(true, (_, captured) => captured.set(half(captured))),
      await run(true, ({ weights }) => assign(weights[0], half(weights[0].read()))),
    ]
    expect(new Set(results).size).toBe(1)
    expect(await run(true, () => {})).not.toBe(results[0])
  })
})

describe("a checkpoint", () => {
  const make = () => classifier({ optimizer: new Adam() }, [...trunk(), head()])
  const run = (...callbacks: Callback[]) => ({ epochs: 4, batchSize: 16, verbose: 0, callbacks }) as const
  const stateOf = ({ model, optimizer }: Trainer) => [
    ...model.getWeights(),
    ...optimizer.variables.map(v => v.toArray()),
  ]
  const heldBy = ({ model, optimizer }: Trainer) => [...model.weights, ...optimizer.variables].map(t => t.data)

  it("of weights and slots that somebody holds, into ones that somebody holds, ends in the same bits", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "selvedge-")), "run.checkpoint")
    const undisturbed = make()
    await undisturbed.fit(x, y, run())
    const first = make()
    const held = first.model.weights.map(w => w.data)
    const cut: Callback = {
      onTrainBatchEnd: async (_batch, _logs, trainer) => {
        if (trainer.step === 1) heldBy(trainer)
        if (trainer.step !== 7) return
        await trainer.checkpoint(path)
        throw new Error("killed")
      },
    }
    await expect(first.fit(x, y, run(cut))).rejects.toThrow("killed")
    expect(same(held, first.model)).toBe(true)
    const second = make()
    // Mirrored and held, with other numbers, before they are restored.
    await second.fit(x, y, { epochs: 1, batchSize: 16, verbose: 0 })
    const arrays = heldBy(second)
    await second.resume(path)
    expect(stateOf(second)).toEqual(stateOf(first))
    expect(memory().exposed).toBeGreaterThanOrEqual(arrays.length)
    await second.fit(x, y, run())
    expect(stateOf(second)).toEqual(stateOf(undisturbed))
    expect(same(arrays.slice(0, second.model.weights.length), second.model)).toBe(true)
  })
})

describe("300 models that are trained a step each and dropped", () => {
  const budget = 1 << 20
  let before = 0
  beforeEach(() => {
    before = setMirrorBudget(budget)
  })
  afterEach(() => {
    setMirrorBudget(before)
  })

  it("keep within the budget, in one synchronous run, and those that were kept lose nothing", () => {
    // Some 20 kB of weights each, and twice that of slots.
    const make = () =>
      classifier({}, [
        new Dense(1000, { activation: "relu", inputShape: [2] }),
        new Dense(3, { activation: "softmax" }),
      ])
    const steps = (trainer: Trainer, count: number) => {
      for (let i = 0; i < count; i++) trainer.trainOnBatch(x, y)
      return weightsOf(trainer)
    }
    const [kept, other] = [make(), make()]
    const [three, four] = [3, 4].map(count => steps(make(), count))
    for (const trainer of [kept, other]) steps(trainer, 3)
    const held = kept.model.weights[0].data
    const linear = memory().linear
    for (let i = 0; i < 300; i++) {
      const trainer = make()
      trainer.trainOnBatch(x, y)
      expect(memory().mirrors).toBeLessThanOrEqual(budget)
    }
    expect(memory().sessions).toBeLessThan(60)
    expect(memory().linear - linear).toBeLessThan(2 * budget)
    // Evicted long since, one that is held and one that is not.
    for (const trainer of [kept, other]) {
      expect(weightsOf(trainer)).toBe(three)
      expect(steps(trainer, 1)).toBe(four)
    }
    expect([...held]).toEqual([...kept.model.weights[0].read()])
  })
})
