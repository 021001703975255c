import { syntheticGarments } from "@selvedge/datasets"
import { Dense, Flatten, LeakyReLU, Sequential } from "@selvedge/layers"
import { bytesDataset, compile, SGD } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"

const { train, test } = syntheticGarments({ train: 6000, test: 1000, seed: 7 })
const dataset = (part: typeof train) => bytesDataset({ images: part.images, labels: part.labels, shape: [28, 28] })

function network(seed: number) {
  const model = new Sequential(
    [
      new Flatten({ inputShape: [28, 28] }),
      new Dense(100, { kernelInitializer: "he_normal" }),
      new LeakyReLU(),
      new Dense(10, { activation: "softmax" }),
    ],
    { seed },
  )
  const optimizer = new SGD({ learningRate: 0.02, momentum: 0.9 })
  return compile(model, { loss: "sparse_categorical_crossentropy", optimizer, metrics: ["accuracy"] })
}

const bytes = (trainer: ReturnType<typeof network>) =>
  Buffer.concat(trainer.model.weights.map(w => Buffer.from(new Uint8Array(Float32Array.from(w.data).buffer))))

describe("learning", () => {
  it("a small network learns to tell synthetic garments apart", async () => {
    const trainer = network(42)
    const { history } = await trainer.fit(dataset(train), { epochs: 4, validationData: dataset(test), verbose: 0 })
    expect(history.val_accuracy?.at(-1)).toBeGreaterThan(0.8)
    expect(history.loss?.at(-1)).toBeLessThan(history.loss?.[0] ?? 0)
  })

  it("the same seed gives the same bytes of weights, another seed others", async () => {
    const runs = []
    for (const seed of [1, 1, 2]) {
      const trainer = network(seed)
      await trainer.fit(dataset(train), { epochs: 1, stepsPerEpoch: 40, verbose: 0 })
      runs.push(bytes(trainer))
    }
    expect(runs[0]?.equals(runs[1] ?? Buffer.of())).toBe(true)
    expect(runs[0]?.equals(runs[2] ?? Buffer.of())).toBe(false)
  })
})
