import { setThreads, setVectorWidth } from "@selvedge/core"
import { BatchNormalization, Dense, Sequential } from "@selvedge/layers"
import { compile } from "@selvedge/trainer"

// A program that runs under other engines than the tests', which print what they fuse: it asks for the widths that its
// arguments name, in that order, and trains for as long as the optimising compiler needs.
setThreads(1)
for (const width of process.argv.slice(2)) setVectorWidth(width === "256" ? 256 : 128)
const count = 12_800
const x = { data: Float32Array.from({ length: count * 40 }, (_, i) => ((i * 613) % 1009) / 1009), shape: [count, 40] }
const y = { data: Float32Array.from({ length: count }, (_, i) => i % 10), shape: [count] }
const layers = [
  new Dense(64, { activation: "selu" }),
  new BatchNormalization(),
  new Dense(10, { activation: "softmax" }),
]
const trainer = compile(new Sequential(layers, { seed: 1 }), {
  loss: "sparse_categorical_crossentropy",
  optimizer: "adam",
})
await trainer.fit(x, y, { epochs: 3, batchSize: 32, verbose: 0 })
