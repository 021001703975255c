import { getThreads, setThreads } from "@selvedge/core"
import { syntheticGarments } from "@selvedge/datasets"
import { BatchNormalization, Dense, Dropout, Flatten, RandomTranslation, Reshape, Sequential } from "@selvedge/layers"
import { bytesDataset, compile, Nadam } from "@selvedge/trainer"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { word } from "../../packages/core/src/kernels/control.ts"
import { controlWords, readyThreads, stopWorkers } from "../../packages/core/src/kernels/pool.ts"
import { threadsReady } from "../core/kernels/twins.ts"

/** Units of work that were queued for all threads, and those of them that the calling thread did. */
const units = vi.hoisted(() => ({ queued: 0, own: 0 }))

vi.mock("../../packages/core/src/kernels/queue.ts", async original => {
  const actual = await original<typeof import("../../packages/core/src/kernels/queue.ts")>()
  const enqueue: typeof actual.enqueue = (kernel, args, count, all, ...rest) => {
    units.queued += all
    const run: typeof kernel.run = (address, begin, end) => {
      units.own += end - begin
      kernel.run(address, begin, end)
    }
    actual.enqueue({ ...kernel, run }, args, count, all, ...rest)
  }
  return { ...actual, enqueue }
})

const { train } = syntheticGarments({ train: 1600, test: 10, seed: 5 })
const dataset = bytesDataset({ images: train.images, labels: train.labels, shape: [28, 28] })

/** The bytes of the weights after 200 steps with dropout, augmentation, batch normalisation and Nadam. */
async function weightsAfter(threads: number): Promise<Buffer> {
  await threadsReady(threads)
  const model = new Sequential(
    [
      new Reshape([28, 28, 1], { inputShape: [28, 28] }),
      new RandomTranslation(0.1, 0.1),
      new Flatten(),
      new Dropout(0.2),
      new Dense(300, { activation: "elu", kernelInitializer: "he_normal" }),
      new BatchNormalization(),
      new Dropout(0.2),
      new Dense(100, { activation: "selu", kernelInitializer: "lecun_normal" }),
      new Dense(10, { activation: "softmax" }),
    ],
    { seed: 42 },
  )
  const trainer = compile(model, {
    loss: "sparse_categorical_crossentropy",
    optimizer: new Nadam({ learningRate: 1e-3 }),
    metrics: ["accuracy"],
  })
  await trainer.fit(dataset, { epochs: 4, batchSize: 32, verbose: 0 })
  return Buffer.concat(model.getWeights().map(w => Buffer.from(new Uint8Array(Float32Array.from(w).buffer))))
}

describe("the bits of trained weights", () => {
  const before = getThreads()
  let alone: Buffer
  beforeAll(async () => {
    alone = await weightsAfter(1)
  })
  afterAll(() => {
    setThreads(before)
    return stopWorkers()
  })

  it.each([1, 2, 3, 8])("are the same with %i threads, each of which answers", async threads => {
    await threadsReady(threads)
    Object.assign(units, { queued: 0, own: 0 })
    const queuedRuns = () => controlWords()?.[word.called] ?? 0
    const runs = queuedRuns()
    expect((await weightsAfter(threads)).equals(alone)).toBe(true)
    expect(readyThreads()).toBe(threads)
    const ofOthers = units.queued - units.own
    if (threads === 1) expect([queuedRuns() - runs, ofOthers]).toEqual([0, 0])
    else {
      // Five products of each step, at least, are large enough to be shared out.
      expect(queuedRuns() - runs).toBeGreaterThanOrEqual(5 * 200)
      expect(ofOthers).toBeGreaterThan(0)
    }
  })
})
