import { setThreads } from "@selvedge/core"
import { Dense, Flatten, Sequential } from "@selvedge/layers"
import { compile, SGD } from "@selvedge/trainer"
import { exponent } from "../exponent.ts"
import { type Contestant, measure } from "../measure.ts"
import { randomImages } from "../nets.ts"
import type { Report, SuiteOptions } from "../suite.ts"
import type { Cell } from "../table.ts"

interface Size {
  readonly width: number
  readonly depth: number
  readonly batch: number
  readonly examples: number
}

const usual: Size = { width: 256, depth: 2, batch: 32, examples: 2048 }

/** What grows, and to what. */
const series: readonly { readonly of: keyof Size; readonly values: readonly number[] }[] = [
  { of: "width", values: [64, 128, 256, 512, 1024, 2048] },
  { of: "depth", values: [2, 4, 8, 16, 32, 64] },
  { of: "batch", values: [8, 16, 32, 64, 128, 256, 512] },
  { of: "examples", values: [1024, 2048, 4096, 8192, 16384] },
]

/** Time of an epoch against one size at a time, and the power of it that fits best. */
export async function scaling({ quick }: SuiteOptions): Promise<Report[]> {
  setThreads(2)
  const rows: Cell[][] = []
  for (const { of, values } of series) {
    const chosen = quick ? values.slice(0, 4) : values
    const times: number[] = []
    for (const value of chosen) times.push(await epoch({ ...usual, [of]: value }, quick))
    const late = Math.floor(chosen.length / 2)
    for (const [i, value] of chosen.entries()) {
      const last = i === chosen.length - 1
      const fitted = last ? exponent(chosen, times) : null
      rows.push([of, value, times[i] ?? null, fitted, last ? exponent(chosen.slice(late), times.slice(late)) : null])
    }
  }
  return [
    {
      title: "Time of an epoch, ms, 2 threads",
      header: ["grows", "to", "ms", "exponent", "of the larger half"],
      rows,
      notes: [
        `An MLP of ${usual.depth} hidden layers of ${usual.width}, batch ${usual.batch}, ${usual.examples} examples of 784; one of them grows.`,
        "exponent: p in ms = c size^p, least squares of the logarithms. Batch: examples per step, at the same number of them.",
      ],
    },
  ]
}

async function epoch(size: Size, quick: boolean): Promise<number> {
  const [timing] = await measure([training(size)], { rounds: quick ? 2 : 5, turn: quick ? 50 : 150 })
  return timing?.best ?? Number.NaN
}

function training({ width, depth, batch, examples }: Size): Contestant {
  const hidden = Array.from({ length: depth }, () => new Dense(width, { activation: "relu" }))
  const head = new Dense(10, { activation: "softmax" })
  const model = new Sequential([new Flatten({ inputShape: [28, 28] }), ...hidden, head], { seed: 42 })
  const trainer = compile(model, {
    loss: "sparse_categorical_crossentropy",
    optimizer: new SGD({ learningRate: 1e-4 }),
  })
  const { x, y } = randomImages(examples)
  return {
    name: "training",
    async run(times) {
      const start = performance.now()
      await trainer.fit(x, y, { batchSize: batch, epochs: times, verbose: 0 })
      return performance.now() - start
    },
  }
}
