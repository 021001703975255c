import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { loadTrainer, saveTrainer, saveWeights } from "@selvedge/formats"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { filePath, fixtures, type ModelFixture, numbers } from "../formats/kerasFixtures.ts"

/**
 * Files written here, loaded by real Keras. Needs a Python with keras, tensorflow and tf_keras:
 * SELVEDGE_KERAS_PYTHON=/path/to/python npx vitest run --config test/keras/vitest.config.ts
 */
const python = process.env.SELVEDGE_KERAS_PYTHON
const folder = mkdtempSync(join(tmpdir(), "selvedge-keras-"))
afterAll(() => rmSync(folder, { recursive: true }))

interface Job {
  file: string
  engine: "keras" | "tf_keras"
  kind: "model" | "weights"
  fixture: ModelFixture
  twin?: string
  /** Whether Keras restores the optimizer from this format. */
  continues: boolean
}

interface Result {
  file: string
  predictions: number[]
  weights: number[][]
  losses: number[]
  error?: string
  trace?: string
}

async function write(fixture: ModelFixture): Promise<Job[]> {
  const trainer = await loadTrainer(filePath(fixture.files.h5))
  const at = (ending: string) => join(folder, `${fixture.name}${ending}`)
  await saveTrainer(trainer, at(".keras"))
  await saveTrainer(trainer, at(".h5"))
  await saveTrainer(trainer, at("_2.h5"), { keras: 2 })
  await saveWeights(trainer, at(".weights.h5"))
  const jobs: Job[] = [
    { file: at(".keras"), engine: "keras", kind: "model", fixture, continues: true },
    // Keras 3 does not restore the optimizer of an .h5 file, and cannot train after loading one.
    { file: at(".h5"), engine: "keras", kind: "model", fixture, continues: false },
    // tf_keras keeps Nadam's running product nowhere.
    { file: at("_2.h5"), engine: "tf_keras", kind: "model", fixture, continues: !fixture.name.endsWith("nadam") },
  ]
  const twin = fileURLToPath(filePath(fixture.files.keras ?? fixture.files.h5))
  const engine = fixture.name.startsWith("keras2") ? "tf_keras" : "keras"
  jobs.push({ file: at(".weights.h5"), engine, kind: "weights", fixture, twin, continues: engine === "keras" })
  return jobs
}

function runKeras(jobs: readonly Job[]): Map<string, Result> {
  const list = jobs.map(({ file, engine, kind, fixture, twin, continues }) => {
    const batches = continues ? (fixture.continue?.batches ?? []) : []
    return { file, engine, kind, twin, input: fixture.input, batches }
  })
  const [input, output] = [join(folder, "jobs.json"), join(folder, "results.json")]
  writeFileSync(input, JSON.stringify(list))
  const script = fileURLToPath(new URL("check.py", import.meta.url))
  execFileSync(python!, [script, input, output], { stdio: ["ignore", "ignore", "pipe"], maxBuffer: 1 << 28 })
  const results: Result[] = JSON.parse(readFileSync(output, "utf8"))
  return new Map(results.map(result => [result.file, result]))
}

describe.skipIf(!python)("files written here", () => {
  const jobs: Job[] = []
  let results = new Map<string, Result>()

  beforeAll(async () => {
    for (const fixture of fixtures) jobs.push(...(await write(fixture)))
    results = runKeras(jobs)
  }, 1_200_000)

  const kinds = [".keras", ".h5", "_2.h5", ".weights.h5"]
  it.each(fixtures.flatMap(f => kinds.map(kind => [`${f.name}${kind}`] as const)))("%s", name => {
    const job = jobs.find(({ file }) => file.endsWith(`/${name}`))!
    const result = results.get(job.file)!
    expect(result.error, result.trace).toBeUndefined()
    const { predictions, weights, tolerance } = job.fixture
    const worst = result.predictions.map((v, i) => Math.abs(v - Number(predictions.data[i])))
    expect(Math.max(...worst)).toBeLessThanOrEqual(tolerance.predictions_abs)
    expect(result.weights.map(w => Float32Array.from(w))).toEqual(weights.map(numbers))
    if (!job.continues) return
    for (const [i, loss] of (job.fixture.continue?.losses ?? []).entries()) {
      expect(Math.abs(result.losses[i] - loss) / loss, `step ${i}`).toBeLessThanOrEqual(tolerance.losses_relative)
    }
  })
})
