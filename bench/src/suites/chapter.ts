import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Report, SuiteOptions } from "../suite.ts"

/** The experiments that the peer's program has, too. */
const keys = [
  "leaky_relu",
  "prelu",
  "selu_100",
  "relu_100",
  "bn",
  "bn_before",
  "model_A",
  "model_B",
  "B_on_A",
  "B_on_A_shared",
  "power",
  "exponential_epoch",
  "exponential_step",
  "piecewise",
  "plateau",
  "keras_exponential",
  "one_cycle",
  "l2",
  "dropout",
  "alpha_dropout",
  "max_norm",
]
const fewKeys = ["l2", "dropout", "max_norm"]
const seed = "42"

type Seconds = Readonly<Record<string, number>>

/**
 * Wall-clock of the chapter: all experiments once, here and (with `--peers`) in Keras on JAX, one after the other in one
 * sitting. Needs Fashion-MNIST in the folder that SELVEDGE_DATASETS names.
 */
export async function chapter({ quick, peers, python, width }: SuiteOptions): Promise<Report> {
  const chosen = quick ? fewKeys : keys
  const folder = mkdtempSync(join(tmpdir(), "bench-chapter-"))
  try {
    const ours = await runOurs(chosen, folder, width)
    const theirs = peers && python ? await runKeras(python, chosen, folder) : null
    const ratio = (a: number, b: number | undefined) => (b === undefined ? null : a / b)
    const rows = chosen.map(key => {
      const [a = Number.NaN, b] = [ours.seconds[key], theirs?.seconds[key]]
      return [key, a, b ?? null, ratio(a, b)]
    })
    rows.push(["whole command", ours.wall, theirs?.wall ?? null, ratio(ours.wall, theirs?.wall)])
    return {
      title: "The chapter, seconds",
      header: ["experiment", "Selvedge", "Keras JAX", "ratio"],
      rows,
      notes: [
        "Rows: seconds inside fit. Experiments run in parallel here, each on its share of the cores, and one after the other in Keras, on all of them: the last row is what counts.",
        "The whole command is everything: start, data, training, tests, files and (here) pictures.",
      ],
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runOurs(chosen: readonly string[], folder: string, width: 128 | 256) {
  const json = join(folder, "ours.json")
  const program = fileURLToPath(new URL("../../../packages/chapter11/src/chapter.ts", import.meta.url))
  const args = ["--conditions=@selvedge/source", "--import", "tsx", program, ...chosen]
  args.push("--seeds", seed, "--out", join(folder, "runs"), "--json", json, ...(width === 256 ? [] : ["--no-wide"]))
  const wall = await timed(process.execPath, args)
  return { wall, seconds: secondsIn(json) }
}

async function runKeras(python: string, chosen: readonly string[], folder: string) {
  const data = process.env.SELVEDGE_DATASETS
  if (!data) throw new Error("bench chapter: SELVEDGE_DATASETS must name the folder with fashion-mnist for the peer")
  const json = join(folder, "keras.json")
  const program = fileURLToPath(new URL("../peers/keras_chapter11.py", import.meta.url))
  const wall = await timed(python, [program, "jax", seed, json, join(data, "fashion-mnist"), ...chosen])
  const runs: Record<string, { seconds: number }> = JSON.parse(readFileSync(json, "utf8"))
  return { wall, seconds: Object.fromEntries(Object.entries(runs).map(([key, run]) => [key, run.seconds])) }
}

function secondsIn(json: string): Seconds {
  const { runs }: { runs: Record<string, Record<string, { seconds: number }>> } = JSON.parse(readFileSync(json, "utf8"))
  return Object.fromEntries(Object.entries(runs).map(([key, seeds]) => [key, seeds[seed]?.seconds ?? Number.NaN]))
}

/** Seconds that a command takes. @throws Error when it fails, with the end of what it said. */
function timed(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    const keep = (chunk: unknown) => {
      said = (said + String(chunk)).slice(-2000)
    }
    child.stdout.on("data", keep)
    child.stderr.on("data", keep)
    child.on("error", reject)
    child.on("close", code => {
      if (code === 0) resolve((performance.now() - start) / 1000)
      else reject(new Error(`${command} ended with ${code}:\n${said}`))
    })
  })
}
