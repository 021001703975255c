import { mkdtempSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import {
  type Callback,
  CSVLogger,
  EarlyStopping,
  LambdaCallback,
  LearningRateScheduler,
  ModelCheckpoint,
  powerScheduling,
  ReduceLROnPlateau,
  SGD,
  type Trainer,
} from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { blobs, classifier } from "./small.ts"

const quiet = { verbose: 0 } as const
const { x, y } = blobs(60)

/** Puts these values in the logs, epoch by epoch, as a number to watch. */
const scripted = (values: number[]): Callback => ({
  onEpochEnd: (epoch, logs) => {
    logs.watched = values[epoch]
  },
})

async function epochsOf(values: number[], callback: Callback, trainer = classifier()): Promise<number> {
  const { epoch } = await trainer.fit(x, y, {
    ...quiet,
    epochs: values.length,
    callbacks: [scripted(values), callback],
  })
  return epoch.length
}

describe("hooks", () => {
  it("come in order, with the trainer, and async ones are waited for", async () => {
    const seen: string[] = []
    const trainer = classifier()
    const note =
      (name: string) =>
      async (...args: unknown[]) => {
        await Promise.resolve()
        expect(args.at(-1)).toBe(trainer)
        seen.push(typeof args[0] === "number" ? `${name} ${args[0]}` : name)
      }
    const names = ["onTrainBegin", "onEpochBegin", "onTrainBatchBegin", "onTrainBatchEnd", "onTestBegin"] as const
    const ends = ["onTestBatchBegin", "onTestBatchEnd", "onTestEnd", "onEpochEnd", "onTrainEnd"] as const
    const callback = new LambdaCallback(Object.fromEntries([...names, ...ends].map(name => [name, note(name)])))
    await trainer.fit(x, y, { ...quiet, callbacks: [callback], validationData: [x, y], validationBatchSize: 60 })
    expect(seen).toEqual([
      "onTrainBegin",
      "onEpochBegin 0",
      "onTrainBatchBegin 0",
      "onTrainBatchEnd 0",
      "onTrainBatchBegin 1",
      "onTrainBatchEnd 1",
      "onTestBegin",
      "onTestBatchBegin 0",
      "onTestBatchEnd 0",
      "onTestEnd",
      "onEpochEnd 0",
      "onTrainEnd",
    ])
  })

  it("see the running means and the gradients of the step", async () => {
    const trainer = classifier()
    const losses: number[] = []
    const norms: number[] = []
    const look: Callback = {
      onTrainBatchEnd: (_, logs) => {
        losses.push(logs.loss)
        norms.push(Math.max(...[...(trainer.model.weights[0].grad?.data ?? [])].map(Math.abs)))
      },
    }
    const { history } = await trainer.fit(x, y, { ...quiet, callbacks: [look] })
    expect(losses.at(-1)).toBe(history.loss[0])
    expect(Math.min(...norms)).toBeGreaterThan(0)
  })

  it("that throw stop fit with their own error, the model as the last step left it", async () => {
    const trainer = classifier()
    let last: Float32Array[] = []
    const bad: Callback = {
      onTrainBatchEnd: batch => {
        last = trainer.model.getWeights()
        if (batch === 1) throw new RangeError("mine")
      },
    }
    await expect(trainer.fit(x, y, { ...quiet, callbacks: [bad] })).rejects.toThrow(RangeError)
    expect(trainer.model.getWeights()).toEqual(last)
    await trainer.fit(x, y, quiet)
  })

  it("with a name that is almost right are refused", async () => {
    const wrong = { onEpochEnds: () => {} } as Callback
    await expect(classifier().fit(x, y, { ...quiet, callbacks: [wrong] })).rejects.toThrow('did you mean "onEpochEnd"?')
  })

  it("may stop training after the epoch", async () => {
    const trainer = classifier()
    const stop: Callback = {
      onEpochEnd: (epoch, _, t) => {
        t.stopTraining = epoch === 1
      },
    }
    const { epoch } = await trainer.fit(x, y, { ...quiet, epochs: 9, callbacks: [stop] })
    expect(epoch).toEqual([0, 1])
    expect((await trainer.fit(x, y, { ...quiet, epochs: 3 })).epoch.length).toBe(3)
  })

  it("may evaluate in the middle of an epoch without disturbing it", async () => {
    const plain = await classifier().fit(x, y, quiet)
    const trainer = classifier()
    const look: Callback = { onTrainBatchEnd: async () => void (await trainer.evaluate(x, y)) }
    expect((await trainer.fit(x, y, { ...quiet, callbacks: [look] })).history).toEqual(plain.history)
  })
})

describe("EarlyStopping", () => {
  const stop = (options: object) => new EarlyStopping({ monitor: "watched", mode: "min", ...options })

  it("stops after patience epochs without improvement", async () => {
    expect(await epochsOf([5, 4, 4, 4, 4, 4], stop({ patience: 2 }))).toBe(4)
    expect(await epochsOf([5, 4, 3, 2, 1, 0], stop({ patience: 2 }))).toBe(6)
    expect(await epochsOf([1, 2, 3, 4], stop({ patience: 2, mode: "max" }))).toBe(4)
  })

  it("does not take less than minDelta for an improvement", async () => {
    expect(await epochsOf([5, 4.9, 4.8, 4.7], stop({ minDelta: 0.5, patience: 1 }))).toBe(2)
  })

  it("does not count epochs before startFromEpoch, and wants the baseline beaten", async () => {
    expect(await epochsOf([1, 9, 9, 9, 9, 9], stop({ startFromEpoch: 3, patience: 1 }))).toBe(5)
    expect(await epochsOf([5, 4, 3, 2, 1], stop({ baseline: 0.5, patience: 3 }))).toBe(5)
    expect(await epochsOf([5, 5, 5, 5, 5], stop({ baseline: 9, patience: 3 }))).toBe(4)
  })

  it("puts the best epoch's weights back", async () => {
    const trainer = classifier()
    const kept: Float32Array[][] = []
    const keep: Callback = { onEpochEnd: () => void kept.push(trainer.model.getWeights()) }
    const early = stop({ patience: 2, restoreBestWeights: true })
    const values = [5, 1, 2, 3, 4]
    await trainer.fit(x, y, { ...quiet, epochs: 5, callbacks: [scripted(values), keep, early] })
    expect(kept.length).toBe(4)
    expect(early.bestEpoch).toBe(1)
    expect(trainer.model.getWeights()).toEqual(kept[1])
    expect(kept[3]).not.toEqual(kept[1])
  })

  it("asks the metric for its direction, and says when it cannot know", async () => {
    const trainer = classifier()
    await trainer.fit(x, y, { ...quiet, callbacks: [new EarlyStopping({ monitor: "accuracy" })] })
    const unsure = epochsOf([1, 2], new EarlyStopping({ monitor: "watched" }))
    await expect(unsure).rejects.toThrow(/whether less or more of "watched" is better/)
    const missing = classifier().fit(x, y, { ...quiet, callbacks: [new EarlyStopping()] })
    await expect(missing).rejects.toThrow(/there is no "val_loss" to watch/)
    expect(() => new EarlyStopping({ mode: "mix" as "min" })).toThrow('did you mean "min"?')
  })
})

describe("learning rates", () => {
  const rates = async (callback: Callback, values: number[], trainer = classifier({ optimizer: new SGD() })) => {
    const callbacks = [scripted(values), callback]
    const { history } = await trainer.fit(x, y, { ...quiet, epochs: values.length, callbacks })
    return { seen: history.learning_rate, after: trainer.optimizer.learningRate }
  }

  it("ReduceLROnPlateau reduces after patience, waits for cooldown, stops at minLr", async () => {
    const options = { monitor: "watched", mode: "min", factor: 0.5, patience: 2, cooldown: 1, minLr: 0.004 } as const
    const { seen, after } = await rates(new ReduceLROnPlateau(options), [5, 5, 5, 5, 5, 5, 5, 5])
    expect(seen).toEqual([0.01, 0.01, 0.01, 0.005, 0.005, 0.004, 0.004, 0.004])
    expect(after).toBe(0.004)
  })

  it("LearningRateScheduler sets each epoch's, or each step's, rate", async () => {
    const { seen } = await rates(new LearningRateScheduler(powerScheduling(0.1, 1)), [0, 0, 0])
    expect(seen).toEqual([0.1, 0.05, 0.1 / 3])
    const byStep = new LearningRateScheduler((step, rate) => rate / (step + 1), { every: "step" })
    expect((await rates(byStep, [0, 0])).after).toBeCloseTo(0.01 / 24, 12)
  })

  it("are not taken from a schedule", async () => {
    const trainer = classifier({ optimizer: new SGD({ learningRate: step => 1 / (step + 1) }) })
    const run = trainer.fit(x, y, { ...quiet, callbacks: [new LearningRateScheduler(() => 1)] })
    await expect(run).rejects.toThrow(/given by a schedule already/)
  })
})

describe("files", () => {
  const folder = () => mkdtempSync(join(tmpdir(), "selvedge-"))

  it("ModelCheckpoint saves the best only, under filled-in names", async () => {
    const saved: string[] = []
    const save = (_: Trainer, path: string) => void saved.push(path)
    const filepath = "m-{epoch:02d}-{watched:.2f}.keras"
    const best = { monitor: "watched", mode: "min", saveBestOnly: true } as const
    await epochsOf([5, 6, 4, 4.5, 3], new ModelCheckpoint({ filepath, save, ...best }))
    expect(saved).toEqual(["m-01-5.00.keras", "m-03-4.00.keras", "m-05-3.00.keras"])
    saved.length = 0
    await epochsOf([5, 6], new ModelCheckpoint({ filepath: "m-{epoch}-{batch}", save, saveFreq: 3 }))
    expect(saved).toEqual(["m-2-1"])
    const unknown = epochsOf([1], new ModelCheckpoint({ filepath: "{val_los}", save }))
    await expect(unknown).rejects.toThrow(/"\{val_los\}" has no value/)
  })

  it("CSVLogger writes a row per epoch, and appends when told", async () => {
    const filename = join(folder(), "log.csv")
    const trainer = classifier({ optimizer: new SGD({ learningRate: 0 }) })
    const { history } = await trainer.fit(x, y, { ...quiet, epochs: 2, callbacks: [new CSVLogger({ filename })] })
    const row = (epoch: number) => `${epoch},${history.accuracy[epoch]},${history.loss[epoch]}`
    expect(readFileSync(filename, "utf8")).toBe(`epoch,accuracy,loss\n${row(0)}\n${row(1)}\n`)
    await trainer.fit(x, y, { ...quiet, callbacks: [new CSVLogger({ filename, append: true })] })
    expect(readFileSync(filename, "utf8").split("\n").length).toBe(5)
    await trainer.fit(x, y, { ...quiet, callbacks: [new CSVLogger({ filename, separator: ";" })] })
    expect(readFileSync(filename, "utf8")).toMatch(/^epoch;accuracy;loss\n0;[\d.]+;[\d.]+\n$/)
  })
})
