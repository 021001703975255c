import { performance } from "node:perf_hooks"

// Everything is imported where it is timed: this file is the whole program of a cold process.
const begun = performance.now()
const core = await import("@selvedge/core")
const layers = await import("@selvedge/layers")
const trainer = await import("@selvedge/trainer")
const imported = performance.now()

if (process.argv.includes("--typescript")) core.setKernels("typescript")
const { Dense, Flatten, Sequential } = layers
const model = new Sequential(
  [
    new Flatten({ inputShape: [28, 28] }),
    new Dense(300, { activation: "relu", kernelInitializer: "he_normal" }),
    new Dense(100, { activation: "relu", kernelInitializer: "he_normal" }),
    new Dense(10, { activation: "softmax" }),
  ],
  { seed: 42 },
)
const loss = "sparse_categorical_crossentropy"
const compiled = trainer.compile(model, { loss, optimizer: new trainer.SGD({ learningRate: 1e-3 }) })
const built = performance.now()

const x = core.zeros([32, 28, 28])
const y = core.zeros([32])
compiled.trainOnBatch(x, y)
const stepped = performance.now()
compiled.trainOnBatch(x, y)
const again = performance.now()

const phases = { boot: begun, import: imported - begun, build: built - imported, first: stepped - built }
if (process.argv.includes("--phases")) console.log(JSON.stringify({ ...phases, second: again - stepped }))
