// Run by memoryLoop.test.ts with --expose-gc: one synchronous run of `trainOnBatch` on a tiny model.
import { memory, setThreads } from "@selvedge/core"
import { BatchNormalization, Dense } from "@selvedge/layers"
import { blobs, classifier } from "./small.ts"

const steps = Number(process.argv[2])
setThreads(1)
const { x, y } = blobs(4)
const trainer = classifier({ metrics: [] }, [
  new Dense(4, { activation: "relu", inputShape: [2] }),
  new BatchNormalization(),
  new Dense(3, { activation: "softmax" }),
])
// Weights that are copied at each step, and weights that are not.
const held = trainer.model.weights[0].data

function use() {
  const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage()
  return { heapUsed, arrayBuffers, external, rss, ...memory() }
}

// The first steps compile; what they leave is no leak.
for (let i = 0; i < 2_000; i++) trainer.trainOnBatch(x, y)
globalThis.gc?.()
globalThis.gc?.()
const before = use()
let peak = before.rss
let { loss } = trainer.trainOnBatch(x, y)
for (let i = 1; i < steps; i++) {
  loss = trainer.trainOnBatch(x, y).loss
  if (i % 500 === 0) peak = Math.max(peak, process.memoryUsage.rss())
}
globalThis.gc?.()
globalThis.gc?.()
console.log(JSON.stringify({ before, after: use(), peak, loss, held: held.length, steps: trainer.step }))
