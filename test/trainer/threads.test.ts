import { getThreads, setThreads } from "@selvedge/core"
import { syntheticGarments } from "@selvedge/datasets"
import { BatchNormalization, Dense, Dropout, Flatten, RandomTranslation, Reshape, Sequential } from "@selvedge/layers"
import { bytesDataset, compile, Nadam } from "@selvedge/trainer"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const { train } = syntheticGarments({ train: 1600, test: 10, seed: 5 })
const dataset = bytesDataset({ images: train.images, labels: train.labels, shape: [28, 28] })

/** The bytes of the weights after 200 steps with dropout, augmentation, batch normalisation and Nadam. */
async function weightsAfter(threads: number): Promise<Buffer> {
  setThreads(threads)
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
  afterAll(() => setThreads(before))

  it.each([1, 2, 3, 8])("are the same with %i threads", async threads => {
    expect((await weightsAfter(threads)).equals(alone)).toBe(true)
  })
})
