import { Dense, Flatten, LeakyReLU, Sequential } from "@selvedge/layers"
import { bytesDataset, compile, SGD } from "@selvedge/trainer"

// A program of its own for each kind of run, because a peak belongs to a process. It prints resident bytes as JSON.
const [kind = "", size = ""] = process.argv.slice(2)
const count = Number(size)
const loss = "sparse_categorical_crossentropy"

/** The LeakyReLU network of the chapter, one epoch over images that stay bytes. */
async function leakyRelu(): Promise<number[]> {
  const images = Uint8Array.from({ length: count * 784 }, (_, i) => (i * 2654435761) >>> 24)
  const labels = Uint8Array.from({ length: count }, (_, i) => (i * 7) % 10)
  const he = { kernelInitializer: "he_normal" } as const
  const model = new Sequential(
    [
      new Flatten({ inputShape: [28, 28] }),
      ...[new Dense(300, he), new LeakyReLU(), new Dense(100, he), new LeakyReLU()],
      new Dense(10, { activation: "softmax" }),
    ],
    { seed: 42 },
  )
  const trainer = compile(model, { loss, optimizer: new SGD({ learningRate: 1e-3 }), metrics: ["accuracy"] })
  const dataset = bytesDataset({ images, labels, shape: [28, 28] })
  await trainer.fit(dataset, { epochs: 1, validationData: dataset, verbose: 0 })
  return [process.memoryUsage.rss(), process.resourceUsage().maxRSS * 1024]
}

/** Steps of a small model; what is resident after each tenth of them. */
async function manySteps(): Promise<number[]> {
  const model = new Sequential([
    new Dense(16, { activation: "elu", inputShape: [8] }),
    new Dense(4, { activation: "softmax" }),
  ])
  const trainer = compile(model, { loss, optimizer: "adam", metrics: ["accuracy"] })
  const [batch, batches] = [16, 100]
  const x = Float32Array.from({ length: batch * batches * 8 }, (_, i) => ((i * 7919) % 1009) / 1009)
  const y = Float32Array.from({ length: batch * batches }, (_, i) => i % 4)
  const resident: number[] = []
  const data = [{ data: x, shape: [batch * batches, 8] }, y] as const
  for (let tenth = 0; tenth < 10; tenth++) {
    await trainer.fit(...data, { batchSize: batch, epochs: count / batches / 10, verbose: 0 })
    resident.push(process.memoryUsage.rss())
  }
  return resident
}

console.log(JSON.stringify(kind === "leaky_relu" ? await leakyRelu() : await manySteps()))
