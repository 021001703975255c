import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FormatError } from "@selvedge/core"
import { BatchNormalization, Dense, Dropout } from "@selvedge/layers"
import {
  Adam,
  type Callback,
  CSVLogger,
  EarlyStopping,
  type FitOptions,
  LearningRateScheduler,
  ReduceLROnPlateau,
  SGD,
  type Trainer,
} from "@selvedge/trainer"
import { describe, expect, it, vi } from "vitest"
import { readFile, writeFile } from "../../packages/trainer/src/checkpoint/file.ts"
import { killedRun } from "./kill.ts"
import { blobs, classifier } from "./small.ts"

const { x, y } = blobs(70)
const file = () => join(mkdtempSync(join(tmpdir(), "selvedge-")), "run.checkpoint")

const layers = () => [
  new Dense(8, { activation: "relu", inputShape: [2], kernelRegularizer: "l2" }),
  new BatchNormalization(),
  new Dropout(0.4),
  new Dense(3, { activation: "softmax" }),
]
const make = (optimizer: Parameters<typeof classifier>[0] = { optimizer: "nadam" }) =>
  classifier({ metrics: ["accuracy", "mae"].slice(0, 1) as ["accuracy"], ...optimizer }, layers())
const options = (): FitOptions => ({
  verbose: 0,
  epochs: 5,
  batchSize: 16,
  validationData: [x, y],
  callbacks: [
    new EarlyStopping({ patience: 20, restoreBestWeights: true }),
    new ReduceLROnPlateau({ patience: 0, factor: 0.7 }),
  ],
})
const stateOf = (trainer: Trainer) => ({
  weights: trainer.model.getWeights(),
  variables: trainer.optimizer.variables.map(v => [...v.data]),
  step: trainer.step,
})

/** Writes a checkpoint at the end of that step, and ends the run there as a kill would. */
const cutAt = (step: number, path: string): Callback => ({
  onTrainBatchEnd: async (_batch, _logs, trainer) => {
    if (trainer.step !== step) return
    await trainer.checkpoint(path)
    throw new Error("killed")
  },
})

describe("checkpoint and resume", () => {
  it.each([1, 4, 5, 7, 15, 24])("after step %i end in the same bits as an undisturbed run", async step => {
    const undisturbed = make()
    const whole = await undisturbed.fit(x, y, options())
    const path = file()
    const first = make()
    const cut = { ...options(), callbacks: [...(options().callbacks ?? []), cutAt(step, path)] }
    await expect(first.fit(x, y, cut)).rejects.toThrow("killed")
    const second = make()
    await second.resume(path)
    const rest = await second.fit(x, y, options())
    expect(rest.history).toEqual(whole.history)
    expect(rest.epoch).toEqual(whole.epoch)
    expect(stateOf(second)).toEqual(stateOf(undisturbed))
  })

  it("keeps a rate changed by hand, momentum, averages, accumulated gradients", async () => {
    const settings = { learningRate: 0.1, momentum: 0.9, useEma: true, gradientAccumulationSteps: 2 }
    const change: Callback = {
      onTrainBatchEnd: (_batch, _logs, { step, optimizer }) => {
        if (step === 2) optimizer.learningRate = 0.0123456789012345
        if (step === 2 && optimizer instanceof SGD) optimizer.momentum = 0.5
      },
    }
    const run = (callbacks: Callback[]): FitOptions => ({ ...options(), callbacks: [change, ...callbacks] })
    const undisturbed = make({ optimizer: new SGD(settings) })
    await undisturbed.fit(x, y, run([]))
    const path = file()
    await expect(make({ optimizer: new SGD(settings) }).fit(x, y, run([cutAt(9, path)]))).rejects.toThrow("killed")
    const second = make({ optimizer: new SGD(settings) })
    await second.resume(path)
    expect(second.optimizer.learningRate).toBe(0.0123456789012345)
    await second.fit(x, y, run([]))
    expect(stateOf(second)).toEqual(stateOf(undisturbed))
  })

  it("keeps which layers are frozen", async () => {
    const path = file()
    const first = make()
    const firstLayer = (trainer: Trainer) => trainer.model.sublayers()[0]
    firstLayer(first).trainable = false
    await first.fit(x, y, { verbose: 0 })
    await first.checkpoint(path)
    const second = make()
    await second.resume(path)
    expect(firstLayer(second).trainable).toBe(false)
    expect(second.model.trainableWeights.length).toBe(first.model.trainableWeights.length)
    expect(second.optimizer.weights.map(w => w.shape)).toEqual(first.optimizer.weights.map(w => w.shape))
  })

  it("goes on after an abort in the middle of an epoch", async () => {
    const plain = (): FitOptions => ({ ...options(), callbacks: [] })
    const undisturbed = make()
    await undisturbed.fit(x, y, plain())
    const controller = new AbortController()
    const abort: Callback = { onTrainBatchEnd: (_b, _l, { step }) => void (step === 8 && controller.abort()) }
    const first = make()
    await first.fit(x, y, {
      ...plain(),
      callbacks: [abort],
      signal: controller.signal,
    })
    const path = file()
    await first.checkpoint(path)
    const second = make()
    await second.resume(path)
    await second.fit(x, y, plain())
    expect(second.model.getWeights()).toEqual(undisturbed.model.getWeights())
  })

  it("goes on with the CSV file, replacing the rows of epochs that are run again", async () => {
    const path = file()
    const filename = `${path}.csv`
    const run = (...more: Callback[]): FitOptions => ({
      ...options(),
      callbacks: [new CSVLogger({ filename }), ...more],
    })
    await make().fit(x, y, run())
    const whole = readFileSync(filename, "utf8")
    await expect(make().fit(x, y, run(cutAt(12, path)))).rejects.toThrow("killed")
    const line = readFileSync(filename, "utf8").trimEnd().split("\n").at(-1) ?? ""
    writeFileSync(filename, `${readFileSync(filename, "utf8")}2${line.slice(1)}\n`)
    const second = make()
    await second.resume(path)
    await second.fit(x, y, run())
    expect(readFileSync(filename, "utf8")).toBe(whole)
  })

  it("sets the rate of a scheduler's epoch once", async () => {
    const halve = () => new LearningRateScheduler((_, rate) => rate / 2)
    const run = (...more: Callback[]): FitOptions => ({ ...options(), callbacks: [halve(), ...more] })
    const undisturbed = make({ optimizer: "sgd" })
    await undisturbed.fit(x, y, run())
    const path = file()
    await expect(make({ optimizer: "sgd" }).fit(x, y, run(cutAt(7, path)))).rejects.toThrow("killed")
    const second = make({ optimizer: "sgd" })
    await second.resume(path)
    await second.fit(x, y, run())
    expect(stateOf(second)).toEqual(stateOf(undisturbed))
  })
})

describe("a checkpoint file", () => {
  it("that is damaged anywhere is refused, naming the file", async () => {
    const path = file()
    const trainer = make()
    await trainer.fit(x, y, { verbose: 0 })
    await trainer.checkpoint(path)
    const good = readFileSync(path)
    for (let at = 0; at < good.length; at += Math.ceil(good.length / 60)) {
      const flipped = Buffer.from(good)
      flipped[at] ^= 1
      for (const bad of [good.subarray(0, at), flipped]) {
        writeFileSync(path, bad)
        const failure = await make()
          .resume(path)
          .catch((error: unknown) => error)
        expect(failure).toBeInstanceOf(FormatError)
        expect(String(failure)).toContain(path)
      }
    }
    writeFileSync(path, Buffer.concat([good, Buffer.from([0])]))
    await expect(make().resume(path)).rejects.toThrow(/cut off or too long/)
    await expect(make().resume(`${path}.not`)).rejects.toThrow(/cannot be read/)
  })

  it("is replaced whole: nothing else is left beside it", async () => {
    const path = file()
    const trainer = make()
    trainer.trainOnBatch(x, y)
    await Promise.all([trainer.checkpoint(path), trainer.checkpoint(path), trainer.checkpoint(path)])
    expect(readdirSync(join(path, ".."))).toEqual(["run.checkpoint"])
    await make().resume(path)
  })

  it("written under other arithmetic is resumed with a warning", async () => {
    const path = file()
    const trainer = make()
    trainer.trainOnBatch(x, y)
    await trainer.checkpoint(path)
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {})
    try {
      await make().resume(path)
      expect(warn).not.toHaveBeenCalled()
      await writeFile(path, { ...Object(await readFile(path)), arithmetic: "fused" })
      await make().resume(path)
      expect(warn.mock.calls.join(" ")).toMatch(/written under fused arithmetic, this is portable/)
    } finally {
      warn.mockRestore()
    }
  })

  it("of another model or optimizer is refused before anything is changed", async () => {
    const path = file()
    const trainer = make()
    trainer.trainOnBatch(x, y)
    await trainer.checkpoint(path)
    const other = classifier()
    const before = other.model.getWeights()
    await expect(other.resume(path)).rejects.toThrow(/the checkpoint is of another model/)
    expect(other.model.getWeights()).toEqual(before)
    await expect(make({ optimizer: "sgd" }).resume(path)).rejects.toThrow(/of Nadam, the trainer has SGD/)
    const adam = make({ optimizer: new Adam() })
    await adam.checkpoint(path)
    await expect(make({ optimizer: new Adam({ beta1: 0.8 }) }).resume(path)).rejects.toThrow(/has another beta_1/)
  })
})

describe("a run that is killed", () => {
  it("with SIGKILL, in steps and while writing, ends in the same bits", async () => {
    const { kills, inWindow } = await killedRun({ kills: 4, seed: 1 })
    expect(kills).toBe(4)
    expect(inWindow).toBeGreaterThanOrEqual(1)
  }, 120_000)
})
