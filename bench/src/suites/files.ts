import { execFile } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { saveModel, saveTrainer } from "@selvedge/formats"
import { Dense, Sequential } from "@selvedge/layers"
import { Adam, compile } from "@selvedge/trainer"
import { measure, medianRatio } from "../measure.ts"
import { Peer } from "../peers/peer.ts"
import type { Report, SuiteOptions } from "../suite.ts"
import type { Cell } from "../table.ts"

const execute = promisify(execFile)
const program = fileURLToPath(new URL("../../../bench/dist/start/loadFile.js", import.meta.url))
const kerasProgram = fileURLToPath(new URL("../peers/keras_load.py", import.meta.url))
const MB = 1e6

/** Models of 100 MB of float32 each. */
const models: Readonly<Record<string, (path: string) => Promise<void>>> = {
  "25 layers of 1000 x 1000": path => saveModel(square(1000, 25), path),
  "one layer of 5000 x 5000": path => saveModel(square(5000, 1), path),
  "8 layers of 1000 x 1000, Adam": path =>
    saveTrainer(compile(square(1000, 8), { loss: "mse", optimizer: new Adam() }), path),
}

function square(units: number, count: number): Sequential {
  const rest = Array.from({ length: count - 1 }, () => new Dense(units))
  return new Sequential([new Dense(units, { inputShape: [units] }), ...rest], { seed: 1 })
}

/** Loading a `.keras` file of 100 MB: time in a warm process, and the memory of a fresh one, beside Keras's. */
export async function files({ quick, peers, python }: SuiteOptions): Promise<Report[]> {
  if (!existsSync(program)) throw new Error("bench files: the packages are not built: npm run build")
  const keras = peers ? python : null
  const folder = mkdtempSync(join(tmpdir(), "bench-files-"))
  const [times, sizes]: [Cell[][], Cell[][]] = [[], []]
  try {
    for (const [name, save] of Object.entries(models)) {
      const path = join(folder, "model.keras")
      await save(path)
      const size = statSync(path).size
      times.push([name, size / MB, ...(await race(path, keras, quick ? 3 : 11))])
      sizes.push([name, size / MB, ...(await peaks(path, size, keras))])
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const warm = "loadModel and load_model in warm processes that take turns; the file is in the system's cache."
  return [
    {
      title: "Loading a .keras file, ms (median of all rounds)",
      header: ["model", "MB", "ours", "ours, trusted", ...(keras ? ["Keras JAX", "to Keras JAX"] : [])],
      rows: times,
      notes: [
        warm,
        "ours: parsed in a worker with a time limit, as for a stranger's file. trusted: in the same thread.",
      ],
    },
    {
      title: "Largest memory of a process that loads one file, MB",
      header: ["model", "MB", "ours", "before", "to the file", ...(keras ? ["Keras JAX", "before it"] : [])],
      rows: sizes,
      notes: [
        "before: what the process had taken when its imports were done. Resident memory, shared libraries included.",
      ],
    },
  ]
}

async function race(path: string, python: string | null, rounds: number): Promise<Cell[]> {
  const serve = (name: string, ...more: string[]) =>
    new Peer(name, process.execPath, [program, path, "--serve", ...more])
  const contestants = [serve("ours"), serve("trusted", "--trusted")]
  if (python !== null) {
    contestants.push(new Peer("Keras JAX", python, [kerasProgram, path, "--serve"], { KERAS_BACKEND: "jax" }))
  }
  try {
    const timings = await measure(contestants, { rounds, turn: 1 })
    const [ours, , jax] = timings
    return [...timings.map(timing => timing.median), ...(jax ? [medianRatio(ours, jax)] : [])]
  } finally {
    for (const each of contestants) each.close()
  }
}

async function peaks(path: string, size: number, python: string | null): Promise<Cell[]> {
  const ours = await peakOf(process.execPath, [program, path])
  const jax = python === null ? null : await peakOf(python, [kerasProgram, path])
  const found = [ours.after / MB, ours.before / MB, ours.after / size]
  return jax ? [...found, jax.after / MB, jax.before / MB] : found
}

async function peakOf(command: string, args: readonly string[]): Promise<{ before: number; after: number }> {
  const { stdout } = await execute(command, args, { env: { ...process.env, KERAS_BACKEND: "jax" } })
  return JSON.parse(stdout)
}
