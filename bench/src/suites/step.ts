import { fileURLToPath } from "node:url"
import { memory, setThreads } from "@selvedge/core"
import { type Contestant, measure, medianRatio } from "../measure.ts"
import { type Row, randomImages, rows, rowTitles, trainerOf } from "../nets.ts"
import { Peer } from "../peers/peer.ts"
import { allocated, describeShares, shares, surviving } from "../profile.ts"
import type { Report, SuiteOptions } from "../suite.ts"
import type { Cell } from "../table.ts"
import { frozen } from "./frozen.ts"

/** Steps in one epoch of the data that every contestant trains on. */
const epochSteps = 64

/** Milliseconds per training step inside `fit`, ours and the peers', taking turns; where they go; what they leave. */
export async function step(options: SuiteOptions): Promise<Report[]> {
  const batches = options.quick ? [32] : [32, 128, 512]
  const table: Cell[][] = []
  const names = namesOf(options)
  for (const batch of batches) {
    for (const row of rows) table.push([rowTitles[row], batch, ...(await race(row, batch, names, options))])
  }
  const ratio = names.includes("Keras JAX") ? ["to Keras JAX", "best to best", "1 thread to it"] : []
  const timings = {
    title: "Training step inside fit, ms (median of all rounds)",
    header: ["network", "batch", ...names, ...ratio],
    rows: table,
    notes: [
      "Keras: fit with its own threads. torch and jax-js: steps without a fit loop. tfjs: fit. -: the peer has no such row.",
      "Peers are stopped between their turns: threads of some go on looking for work.",
      ...(ratio.length > 0
        ? [
            "to Keras JAX: the median over rounds of the ratio within a round. best to best: our best round to its best one, as both would be on a machine that is never disturbed.",
          ]
        : []),
    ],
  }
  return [timings, await frozen(options), await costs(batches)]
}

function namesOf({ peers, python, quick, only }: SuiteOptions): string[] {
  const names = ["2 threads", "1 thread"]
  if (peers && python !== null) names.push("Keras JAX", "Keras TF", "Keras torch", "torch")
  if (peers) names.push("jax-js", "tfjs wasm", ...(quick ? [] : ["tfjs cpu"]))
  return names.filter((name, i) => i < 2 || only.length === 0 || only.includes(name))
}

async function race(
  row: Row,
  batch: number,
  names: readonly string[],
  { python, quick }: SuiteOptions,
): Promise<Cell[]> {
  const contestants = names.flatMap(name => contestant(name, row, batch, python) ?? [])
  try {
    const timings = await measure(contestants, { rounds: quick ? 5 : 15, turn: quick ? 200 : 400 })
    const found = names.map(name => timings.find(timing => timing.name === name))
    const jax = timings.find(timing => timing.name === "Keras JAX")
    const best = (jax && found[0] && found[0].best / jax.best) ?? null
    const ratios = jax ? [medianRatio(found[0], jax), best, medianRatio(found[1], jax)] : []
    return [...found.map(timing => timing?.median ?? null), ...ratios]
  } finally {
    for (const each of contestants) if (each instanceof Peer) each.close()
  }
}

function contestant(name: string, row: Row, batch: number, python: string | null): Contestant | null {
  const program = (file: string) => fileURLToPath(new URL(`../peers/${file}`, import.meta.url))
  const args = [row, String(batch)]
  const script = (file: string, ...more: string[]) =>
    new Peer(name, process.execPath, [...process.execArgv, program(file), ...args, ...more])
  const keras = (backend: string) =>
    python === null ? null : new Peer(name, python, [program("keras_step.py"), ...args], { KERAS_BACKEND: backend })
  if (name === "2 threads") return ours(name, row, batch, 2)
  if (name === "1 thread") return ours(name, row, batch, 1)
  if (name === "Keras JAX") return keras("jax")
  if (name === "Keras TF") return keras("tensorflow")
  if (name === "Keras torch") return keras("torch")
  if (name === "torch" && python !== null) return new Peer(name, python, [program("torch_step.py"), ...args, "2"])
  if (name === "jax-js") return row === "sgd" || row === "selu_100" ? script("jaxjs_step.ts") : null
  if (name.startsWith("tfjs ")) return row === "dropout_nadam" ? null : script("tfjs_step.ts", name.slice(5))
  return null
}

function ours(name: string, row: Row, batch: number, threads: number): Contestant {
  const train = training(row, batch)
  return {
    name,
    async run(times) {
      setThreads(threads)
      const epochs = Math.max(1, Math.round(times / epochSteps))
      const start = performance.now()
      await train(epochs)
      return ((performance.now() - start) * times) / (epochs * epochSteps)
    },
  }
}

/** A row with its data, ready to train some epochs. */
function training(row: Row, batch: number): (epochs: number) => Promise<void> {
  const trainer = trainerOf(row)
  const { x, y } = randomImages(batch * epochSteps)
  return async epochs => {
    await trainer.fit(x, y, { batchSize: batch, epochs, verbose: 0 })
  }
}

/** Where the time of a step goes, what it allocates and what survives it. */
async function costs(batches: readonly number[]): Promise<Report> {
  const table: Cell[][] = []
  setThreads(1)
  for (const batch of batches) {
    for (const row of rows) {
      const train = training(row, batch)
      const epochs = row === "selu_100" || batch > 32 ? 2 : 8
      await train(epochs)
      const found = await shares(() => train(epochs))
      const bytes = (await allocated(() => train(epochs))) / (epochs * epochSteps)
      const before = surviving()
      await train(epochs)
      const left = (surviving() - before) / (epochs * epochSteps)
      const { arena, mirrors, fallbacks } = memory()
      table.push([rowTitles[row], batch, bytes, Math.round(left), arena, mirrors, fallbacks, describeShares(found)])
    }
  }
  return {
    title: "Costs of a training step, one thread",
    header: ["network", "batch", "B made", "B left", "arena", "weights and slots", "from heap", "time by kernel"],
    rows: table,
    notes: [
      "B made: bytes of JavaScript objects that a step makes, sampled. B left: what survives, per step.",
      "arena, weights and slots: bytes of linear memory; from heap: buffers for which the arena was too small. Both of the whole process, in which larger batches came before.",
    ],
  }
}
