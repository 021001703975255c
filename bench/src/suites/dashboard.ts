import { type ChildProcess, spawn } from "node:child_process"
import { type Dashboard, liveDashboard } from "@selvedge/report"
import type { Callback } from "@selvedge/trainer"
import { type Contestant, measure } from "../measure.ts"
import { type Row, randomImages, rowTitles, trainerOf } from "../nets.ts"
import type { Report, SuiteOptions } from "../suite.ts"
import type { Cell } from "../table.ts"

/** Steps in one epoch. */
const epochSteps = 256
const batch = 32
const rows: readonly Row[] = ["sgd", "selu_100"]

/** How much a dashboard with an open page slows training down: the same network with and without it, taking turns. */
export async function dashboard({ quick }: SuiteOptions): Promise<Report[]> {
  const live = await liveDashboard()
  const page = openPage(live)
  try {
    const table: Cell[][] = []
    for (const row of rows) {
      const contestants = [training("without", row), training("with", row, live.callback(row))]
      // A turn is a whole fit: looks at the layers come once a second at most, so it takes some.
      const found = await measure(contestants, { rounds: quick ? 3 : 9, turn: quick ? 2000 : 6000 })
      const [without, shown] = found
      if (without && shown) table.push([rowTitles[row], without.best, shown.best, shown.best / without.best])
    }
    return [
      {
        title: `Training step with the dashboard, batch ${batch}, ms (best of all rounds)`,
        header: ["network", "without", "with", "ratio"],
        rows: table,
        notes: [
          "Best, because what is looked for is smaller than what else a machine does. A page is open and reads all events.",
        ],
      },
    ]
  } finally {
    page.kill()
    await live.close()
  }
}

/** A process that reads what a page would be sent. */
function openPage({ url }: Dashboard): ChildProcess {
  const address = new URL(url)
  address.pathname = "/events"
  const read = "const { body } = await fetch(process.argv[1]); for await (const chunk of body) void chunk"
  return spawn(process.execPath, ["--input-type=module", "-e", read, address.href], { stdio: "ignore" })
}

/** The time of a step, from fits of whole epochs. */
function training(name: string, row: Row, ...callbacks: readonly Callback[]): Contestant {
  const trainer = trainerOf(row)
  const { x, y } = randomImages(batch * epochSteps)
  return {
    name,
    async run(times) {
      const epochs = Math.max(1, Math.round(times / epochSteps))
      const start = performance.now()
      await trainer.fit(x, y, { batchSize: batch, epochs, verbose: 0, callbacks: [...callbacks] })
      return ((performance.now() - start) * times) / (epochs * epochSteps)
    },
  }
}
