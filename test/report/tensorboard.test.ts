import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { OptionError } from "@selvedge/core"
import { Dense, Dropout, Sequential } from "@selvedge/layers"
import { EventWriter, TensorBoard } from "@selvedge/report"
import { compile, ExponentialDecay, SGD } from "@selvedge/trainer"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { summarizeHistogram } from "../../packages/report/src/tensorboard/events.ts"
import { crc32c, tfRecord } from "../../packages/report/src/tensorboard/record.ts"
import { readSummaries } from "./eventFiles.ts"

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "events-"))
})
afterEach(() => rm(directory, { recursive: true }))

/** Written by TensorBoard's own RecordWriter and protocol buffers (tensorboard 2.21, Python). */
const EXPECTED = [
  "1800000000000000a37f4b220900002040fc54d9411a0d627261696e2e4576656e743a322b353110200000000000000029ed",
  "a9500900002040fc54d94110032a130a110a0a65706f63685f6c6f7373150000803e277b7e336700000000000000baadcdd4",
  "0900002040fc54d94110032a5a0a580a0c64656e73652f6b65726e656c2a4809000000000000f0bf11000000000000f03f19",
  "000000000000104029000000000000004032100000000000000000000000000000f03f3a1000000000000008400000000000",
  "00f03fb87b2252",
].join("")

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")

describe("crc32c", () => {
  it("gives the vectors of RFC 3720, appendix B.4", () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
    expect(crc32c(new Uint8Array(32).fill(255))).toBe(0x62a8ab43)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => 31 - i))).toBe(0x113fdb5c)
    expect(crc32c(Buffer.from("123456789"))).toBe(0xe3069283)
  })
})

describe("EventWriter", () => {
  it("writes the bytes that TensorBoard writes", async () => {
    const writer = new EventWriter(directory, { wallTime: () => 1_700_000_000.5, suffix: ".v2" })
    writer.scalar("epoch_loss", 0.25, 3)
    writer.histogram("dense/kernel", [-1, 0, 0, 1], 3, 2)
    await writer.close()
    expect(await readdir(directory)).toEqual([writer.path.slice(directory.length + 1)])
    expect(writer.path).toMatch(/events\.out\.tfevents\.1700000000\..+\.v2$/)
    expect(hex(await readFile(writer.path))).toBe(EXPECTED)
  })

  it("appends in order, whatever the number of flushes", async () => {
    const wallTime = () => 1
    const once = new EventWriter(join(directory, "a"), { wallTime })
    const often = new EventWriter(join(directory, "b"), { wallTime })
    for (let step = 0; step < 20_000; step++) {
      once.scalar("loss", 1 / (step + 1), step)
      often.scalar("loss", 1 / (step + 1), step)
      if (step % 5000 === 0) await often.flush()
    }
    await Promise.all([once.close(), often.close()])
    expect(await readFile(often.path)).toEqual(await readFile(once.path))
  })

  it("rejects a flush that could not write", async () => {
    const file = join(directory, "file")
    await writeFile(file, "")
    await expect(new EventWriter(join(file, "run")).flush()).rejects.toThrow(/ENOTDIR|EEXIST/)
  })

  it("refuses bad tags, steps, options, and writing after the end", async () => {
    const writer = new EventWriter(directory)
    expect(() => writer.scalar("", 1, 0)).toThrow(OptionError)
    expect(() => writer.scalar("loss", 1, -1)).toThrow(/step/)
    expect(() => writer.scalar("loss", "1" as never, 0)).toThrow(OptionError)
    await writer.close()
    expect(() => writer.scalar("loss", 1, 0)).toThrow(/closed/)
    expect(() => new EventWriter(directory, { sufix: "" } as object)).toThrow(/did you mean "suffix"/)
  })
})

describe("TensorBoard", () => {
  const x = { data: Float32Array.from({ length: 160 }, (_, i) => Math.sin(i)), shape: [40, 4] }
  const y = { data: Float32Array.from({ length: 40 }, (_, i) => i % 2), shape: [40, 1] }
  const trainer = () => {
    const layers = [
      new Dense(3, { activation: "tanh", inputShape: [4], name: "hidden" }),
      new Dropout(0.5),
      new Dense(1, { activation: "sigmoid", name: "out" }),
    ]
    const optimizer = new SGD({
      learningRate: new ExponentialDecay({ initialLearningRate: 0.1, decaySteps: 4, decayRate: 0.5 }),
    })
    return compile(new Sequential(layers, { seed: 1 }), {
      loss: "binary_crossentropy",
      optimizer,
      metrics: ["accuracy"],
    })
  }
  const train = async (options: object, more: object = {}) => {
    const run = trainer()
    const validationData = [x, y]
    const callbacks = [new TensorBoard({ logDir: directory, ...options })]
    const history = await run.fit(x, y, { epochs: 3, batchSize: 10, verbose: 0, validationData, callbacks, ...more })
    return { run, history: history.history }
  }
  const scalars = (part: string, tag: string) =>
    readSummaries(join(directory, part)).flatMap(s => (s.tag === tag ? [[s.step, s.scalar!]] : []))
  const single = (values: readonly number[]) => values.map(Math.fround)

  it("writes the numbers of each epoch, those of validation under the same tags beside them", async () => {
    const { history } = await train({})
    expect((await readdir(directory)).sort()).toEqual(["train", "validation"])
    expect(scalars("train", "epoch_loss")).toEqual(single(history.loss).map((loss, epoch) => [epoch, loss]))
    expect(scalars("validation", "epoch_loss").map(([, v]) => v)).toEqual(single(history.val_loss))
    expect(scalars("validation", "epoch_accuracy").map(([, v]) => v)).toEqual(single(history.val_accuracy))
    expect(scalars("validation", "evaluation_loss_vs_iterations").map(([step]) => step)).toEqual([4, 8, 12])
    expect(scalars("train", "epoch_learning_rate").map(([, v]) => v)).toEqual(single([0.05, 0.025, 0.0125]))
    const tags = new Set(readSummaries(join(directory, "train")).map(({ tag }) => tag))
    expect([...tags].sort()).toEqual(["epoch_accuracy", "epoch_learning_rate", "epoch_loss"])
  })

  it("writes the numbers of batches as often as told", async () => {
    await train({ updateFreq: 5, writeStepsPerSecond: true })
    expect(scalars("train", "batch_loss").map(([step]) => step)).toEqual([5, 10])
    expect(scalars("train", "epoch_steps_per_second").every(([, v]) => v > 0)).toBe(true)
    expect(new TensorBoard().onTrainBatchEnd).toBeUndefined()
    await train({ logDir: join(directory, "each"), updateFreq: "batch" }, { epochs: 1 })
    const each = scalars("each/train", "batch_loss")
    expect(each.map(([step]) => step)).toEqual([1, 2, 3, 4])
    // The mean since the epoch began: at its end the epoch's own.
    expect(each.at(-1)![1]).toBe(scalars("each/train", "epoch_loss")[0][1])
  })

  it.each([true, false])(
    "writes histograms of weights and of the last step's gradients, validated: %s",
    async validated => {
      const { run } = await train({ histogramFreq: 2 }, validated ? {} : { validationData: undefined })
      const found = readSummaries(join(directory, "train")).filter(s => s.histogram)
      const names = ["hidden/kernel", "hidden/bias", "out/kernel", "out/bias"]
      expect(found.map(({ tag, step }) => `${tag} ${step}`)).toEqual(
        [0, 2].flatMap(epoch => names.flatMap(name => [`${name}/histogram ${epoch}`, `${name}/gradient ${epoch}`])),
      )
      const kernel = run.model.weights[0]
      const last = found.findLast(({ tag }) => tag === "hidden/kernel/histogram")!.histogram!
      const sum = (of: (w: number) => number) => [...kernel.read()].reduce((total, w) => total + of(w), 0)
      expect(last.slice(0, 3)).toEqual([Math.min(...kernel.read()), Math.max(...kernel.read()), 12])
      expect(last[3]).toBeCloseTo(sum(w => w))
      expect(last[4]).toBeCloseTo(sum(w => w * w))
    },
  )

  it("writes the gradient itself: SGD's step divided by its rate", async () => {
    const run = trainer()
    const before = run.model.getWeights()[3]
    const callbacks = [new TensorBoard({ logDir: directory, histogramFreq: 1 })]
    await run.fit(x, y, { epochs: 1, batchSize: 40, verbose: 0, callbacks })
    const found = readSummaries(join(directory, "train")).find(({ tag }) => tag === "out/bias/gradient")!
    expect(found.histogram![3]).toBeCloseTo((before[0] - run.model.getWeights()[3][0]) / 0.1, 5)
  })

  it("leaves the gradients of frozen weights out", async () => {
    const run = trainer()
    run.model.sublayers()[0].trainable = false
    const callbacks = [new TensorBoard({ logDir: directory, histogramFreq: 1 })]
    await run.fit(x, y, { epochs: 1, verbose: 0, callbacks })
    const tags = readSummaries(join(directory, "train")).flatMap(({ tag, histogram }) => (histogram ? [tag] : []))
    expect(tags.filter(tag => tag.startsWith("hidden"))).toEqual(["hidden/kernel/histogram", "hidden/bias/histogram"])
  })

  it("goes on in a second fit, and refuses bad options and folders", async () => {
    const callback = new TensorBoard({ logDir: directory })
    const run = trainer()
    for (const initialEpoch of [0, 1]) {
      await run.fit(x, y, { initialEpoch, epochs: initialEpoch + 1, verbose: 0, callbacks: [callback] })
    }
    expect(scalars("train", "epoch_loss").map(([step]) => step)).toEqual([0, 1])
    expect(() => new TensorBoard({ logdir: "x" } as object)).toThrow(/did you mean "logDir"/)
    expect(() => new TensorBoard({ updateFreq: 0 })).toThrow(OptionError)
    expect(() => new TensorBoard({ histogramFreq: 0.5 })).toThrow(OptionError)
    await writeFile(join(directory, "file"), "")
    await expect(train({ logDir: join(directory, "file") })).rejects.toThrow(/ENOTDIR|EEXIST/)
  })
})

describe("summarizeHistogram", () => {
  it("counts every finite value in the bucket whose limit it does not exceed", () => {
    const histogram = summarizeHistogram([0, 1, 2, 3, 4, Number.NaN, Infinity], 4)
    expect(histogram).toEqual({
      min: 0,
      max: 4,
      count: 5,
      sum: 10,
      sumOfSquares: 30,
      limits: [1, 2, 3, 4],
      buckets: [2, 1, 1, 1],
    })
    expect(summarizeHistogram([5, 5], 4)).toMatchObject({ limits: [5], buckets: [2] })
    expect(summarizeHistogram([Number.NaN], 4)).toBeUndefined()
  })
})

describe("tfRecord", () => {
  it("frames data with its length", () => {
    const record = tfRecord(Uint8Array.of(1, 2, 3))
    expect(record.length).toBe(19)
    expect(hex(record.subarray(0, 8))).toBe("0300000000000000")
    expect(hex(record.subarray(12, 15))).toBe("010203")
  })
})
