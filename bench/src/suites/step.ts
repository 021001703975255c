import { fileURLToPath } from "node:url"
import { setThreads } from "@selvedge/core"
import { type Contestant, measure } from "../measure.ts"
import { type Row, randomImages, rows, rowTitles, trainerOf } from "../nets.ts"
import { PythonPeer } from "../peers/python.ts"
import type { Report, SuiteOptions } from "../suite.ts"

/** Steps in one epoch of the data that every contestant trains on. */
const epochSteps = 64

/** Milliseconds per training step inside `fit`, ours and the peers', taking turns. */
export async function step({ quick, peers, python }: SuiteOptions): Promise<Report> {
  const batches = quick ? [32] : [32, 128, 512]
  const names = ["Selvedge", "one thread", ...(peers && python ? ["Keras JAX", "Keras TF", "Keras torch", "torch"] : [])]
  const table = []
  for (const batch of batches) {
    for (const row of rows) {
      const contestants = [ours(row, batch, 2), ours(row, batch, 1), ...(peers && python ? pythonPeers(python, row, batch) : [])]
      const timings = await measure(contestants, { rounds: quick ? 5 : 9, turn: quick ? 200 : 400 })
      for (const contestant of contestants) if (contestant instanceof PythonPeer) contestant.close()
      const ms = timings.map(timing => timing.median)
      table.push([rowTitles[row], batch, ...ms, ...(ms[2] === undefined ? [] : [(ms[0] ?? 0) / ms[2]])])
    }
  }
  return {
    title: "Training step inside fit, ms (median)",
    header: ["network", "batch", ...names, ...(names.length > 2 ? ["ratio to Keras JAX"] : [])],
    rows: table,
    notes: [],
  }
}

function ours(row: Row, batch: number, threads: number): Contestant {
  const trainer = trainerOf(row)
  const { x, y } = randomImages(batch * epochSteps)
  const fit = async (steps: number) => {
    const epochs = Math.max(1, Math.round(steps / epochSteps))
    await trainer.fit(x, y, { batchSize: batch, epochs, verbose: 0 })
    return epochs * epochSteps
  }
  return {
    name: threads === 1 ? "one thread" : "Selvedge",
    async run(times) {
      setThreads(threads)
      const start = performance.now()
      const steps = await fit(times)
      return ((performance.now() - start) * times) / steps
    },
  }
}

const program = (name: string) => fileURLToPath(new URL(`../peers/${name}`, import.meta.url))

function pythonPeers(python: string, row: Row, batch: number): PythonPeer[] {
  const keras = (name: string, backend: string) =>
    new PythonPeer(name, python, program("keras_step.py"), [row, String(batch)], { KERAS_BACKEND: backend })
  return [
    keras("Keras JAX", "jax"),
    keras("Keras TF", "tensorflow"),
    keras("Keras torch", "torch"),
    new PythonPeer("torch", python, program("torch_step.py"), [row, String(batch), "2"]),
  ]
}
