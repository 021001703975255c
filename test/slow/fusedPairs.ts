import { setThreads, setVectorWidth, simd } from "@selvedge/core"
import { BatchNormalization, Dense, Sequential } from "@selvedge/layers"
import { compile } from "@selvedge/trainer"
import { linearMemory } from "../../packages/core/src/kernels/memory.ts"
import { setInstructions } from "../../packages/core/src/kernels/mode.ts"

// A program that runs under other engines than the tests', which print what they fuse. With `train` it asks for the widths
// that its other arguments name, and trains for as long as the optimising compiler needs; else it runs the kernels that
// they name as wide ones, without asking: the engine was told by its command line.
setThreads(1)
const [what, ...given] = process.argv.slice(2)

const x = Float32Array.from({ length: 12_800 * 40 }, (_, i) => ((i * 613) % 1009) / 1009)
const kernels: Readonly<Record<string, (a: Float32Array, b: Float32Array, c: Float32Array) => unknown>> = {
  mulForward: (a, b, c) => simd.mulForward.run(a, b, c),
  seluForward: (a, _, c) => simd.seluForward.run(a, c),
  sgdUpdate: (a, b) => simd.sgdUpdate.run(a, b, 0.1),
  softmaxForward: (a, _, c) => simd.softmaxForward.run(a, c, 100, 40),
  normalizeColumns: (a, b, c) => simd.normalizeColumns.run(a, b, b, b, b, c, 100, 40),
}

async function train(): Promise<void> {
  const layers = [
    new Dense(64, { activation: "selu" }),
    new BatchNormalization(),
    new Dense(10, { activation: "softmax" }),
  ]
  const model = new Sequential(layers, { seed: 1 })
  const trainer = compile(model, { loss: "sparse_categorical_crossentropy", optimizer: "adam" })
  const y = { data: Float32Array.from({ length: 12_800 }, (_, i) => i % 10), shape: [12_800] }
  await trainer.fit({ data: x, shape: [12_800, 40] }, y, { epochs: 3, batchSize: 32, verbose: 0 })
}

async function runKernels(names: readonly string[]): Promise<void> {
  setInstructions({ width: 256 })
  for (const name of names) {
    // What loop and kernel compute alike is left to the loop elsewhere.
    const [a, b, c] = [0, 4000, 8000].map(at => {
      const buffer = linearMemory()!.allocate(16_000)!.floats
      buffer.set(x.subarray(at, at + 4000))
      return buffer
    })
    // In turns, so that the compiler, which works beside this, finds time.
    for (let i = 0; i < 20; i++) {
      for (let j = 0; j < 1000; j++) kernels[name]?.(a!, b!, c!)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
  }
}

if (what === "train") {
  for (const width of given) setVectorWidth(width === "256" ? 256 : 128)
  await train()
} else await runKernels(given)
