import { setThreads } from "@selvedge/core"
import { Dense, freezeUpTo, Model } from "@selvedge/layers"
import { type Contestant, measure } from "../measure.ts"
import { type Row, randomImages, rowTitles, trainerOf } from "../nets.ts"
import type { Report, SuiteOptions } from "../suite.ts"

const batch = 32
const steps = 64

/** How many of the dense layers are frozen, from the lowest on. */
const series: readonly { readonly row: Row; readonly counts: readonly number[] }[] = [
  { row: "sgd", counts: [0, 1, 2] },
  { row: "selu_100", counts: [0, 50, 90, 99] },
]

/** The step of a network whose lower layers are frozen: below the lowest that learns there is no gradient work. */
export async function frozen({ quick }: SuiteOptions): Promise<Report> {
  setThreads(1)
  const rows: (string | number)[][] = []
  for (const { row, counts } of series) {
    const contestants = counts.map(count => training(row, count))
    const timings = await measure(contestants, { rounds: quick ? 5 : 9, turn: quick ? 200 : 400 })
    const [free] = timings
    for (const { name, median } of timings) rows.push([rowTitles[row], name, median, median / (free?.median ?? 1)])
  }
  return {
    title: "Training step with frozen layers, ms, batch 32, one thread",
    header: ["network", "frozen", "ms", "of the free step"],
    rows,
    notes: [
      "Frozen: so many of the dense layers, from the lowest on. What is left is the way forward and the top's gradients.",
    ],
  }
}

function training(row: Row, count: number): Contestant {
  const trainer = trainerOf(row)
  const { model } = trainer
  const dense = model.sublayers().filter(layer => layer instanceof Dense)
  const last = dense[count - 1]
  if (last && model instanceof Model) freezeUpTo(model, last)
  const { x, y } = randomImages(batch * steps)
  return {
    name: `${count} of ${dense.length}`,
    async run(times) {
      const epochs = Math.max(1, Math.round(times / steps))
      const start = performance.now()
      await trainer.fit(x, y, { batchSize: batch, epochs, verbose: 0 })
      return ((performance.now() - start) * times) / (epochs * steps)
    },
  }
}
