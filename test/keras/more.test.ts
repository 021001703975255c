import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Tensor } from "@selvedge/core"
import { loadModel, loadTrainer, loadWeights, saveTrainer, saveWeights } from "@selvedge/formats"
import type { Model } from "@selvedge/layers"
import type { Trainer } from "@selvedge/trainer"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { asTensor, type Encoded, numbers } from "../formats/kerasFixtures.ts"

/**
 * Models of many kinds that both Keras write on the spot (`more.py`): loaded, trained on, saved here, and loaded by Keras
 * again. Needs SELVEDGE_KERAS_PYTHON, as the other tests of this folder.
 */
const python = process.env.SELVEDGE_KERAS_PYTHON
const root = mkdtempSync(join(tmpdir(), "selvedge-more-"))
afterAll(() => rmSync(root, { recursive: true }))
const script = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const engines = ["keras", "tf_keras"] as const

interface Made {
  files: Record<string, string>
  input: Encoded[]
  target: Encoded[]
  predictions: Encoded[]
  weights: Encoded[]
  logs: Record<string, number>
  losses: number[] | null
}

interface Again {
  file: string
  predictions: number[]
  losses: number[]
  error?: string
  trace?: string
}

const run = (...args: string[]) =>
  execFileSync(python!, args, { stdio: ["ignore", "ignore", "pipe"], maxBuffer: 1 << 28 })
const one = <T>(list: T[]): T | T[] => (list.length === 1 ? list[0]! : list)
const flat = (arrays: Encoded[]) => arrays.flatMap(array => array.data.map(Number))
const worst = (got: number[], want: number[]) =>
  got.reduce((most, value, i) => Math.max(most, Math.abs(value - want[i]!) / (1 + Math.abs(value))), 0)

function expectModel(model: Model, { input, predictions, weights }: Made): void {
  expect(model.getWeights()).toEqual(weights.map(numbers))
  const outputs: Tensor[] = model.applyAll(one(input.map(asTensor)), { training: false })
  expect(worst([outputs.map(y => y.toArray())].flat(9) as number[], flat(predictions))).toBeLessThan(5e-6)
}

async function expectTrainer(trainer: Trainer, { input, target, logs, losses }: Made, engine: string): Promise<void> {
  const [x, y] = [one(input.map(asTensor)), one(target.map(asTensor))]
  const got = await trainer.evaluate(x, y)
  for (const [name, want] of Object.entries(logs)) {
    expect(Math.abs(got[name]! - want), `${engine}: ${name}`).toBeLessThan(2e-5 * Math.max(1, Math.abs(want)))
  }
  for (const want of losses ?? []) {
    const { loss } = trainer.trainOnBatch(x, y)
    expect(Math.abs(loss! - want)).toBeLessThan(2e-5 * Math.max(1e-3, Math.abs(want)))
  }
}

describe.skipIf(!python).each(engines)("many models of %s", engine => {
  const folder = join(root, engine)
  const made = new Map<string, Made>()
  const again = new Map<string, Again>()

  beforeAll(async () => {
    mkdirSync(folder)
    run(script("more.py"), engine, folder)
    for (const name of readdirSync(folder).filter(file => file.endsWith(".json"))) {
      made.set(name.slice(0, -5), JSON.parse(readFileSync(join(folder, name), "utf8")))
    }
    const jobs = await Promise.all([...made].map(([name, fixture]) => write(name, fixture)))
    const [input, output] = [join(folder, "jobs"), join(folder, "results")]
    writeFileSync(input, JSON.stringify(jobs.flat()))
    run(script("check.py"), input, output)
    const results: Again[] = JSON.parse(readFileSync(output, "utf8"))
    for (const result of results) again.set(result.file, result)
  }, 1_200_000)

  const pathOf = ({ files }: Made) => join(folder, files.keras ?? files.h5!)

  /** The model in the words of its own Keras, for that Keras to go on with. */
  async function write(name: string, fixture: Made): Promise<object[]> {
    const trainer = await loadTrainer(join(folder, fixture.files.h5 ?? fixture.files.keras!))
    const [file, weights] = ["saved", "saved.weights"].map(end =>
      join(folder, `${name}.${end}.${end === "saved" && engine === "keras" ? "keras" : "h5"}`),
    ) as [string, string]
    await saveTrainer(trainer, file, engine === "keras" ? {} : { keras: 2 })
    await saveWeights(trainer, weights)
    const batches = (fixture.losses ?? []).map(() => ({ x: fixture.input, y: fixture.target }))
    const job = { engine, input: fixture.input, twin: pathOf(fixture), batches }
    return [
      { ...job, file, kind: "model" },
      { ...job, file: weights, kind: "weights", batches: [] },
    ]
  }

  it("are loaded, trained on, and loaded by Keras again", async () => {
    expect(made.size).toBeGreaterThan(30)
    for (const [name, fixture] of made) {
      const { keras, h5, weights_h5 } = fixture.files
      for (const file of [keras, h5].filter(each => each !== undefined)) {
        expectModel(await loadModel(join(folder, file)), fixture)
        await expectTrainer(await loadTrainer(join(folder, file)), fixture, `${name} of ${engine}`)
      }
      const empty = await loadModel(pathOf(fixture))
      empty.setWeights(empty.getWeights().map(w => w.fill(0.25)))
      await loadWeights(empty, join(folder, weights_h5!))
      expectModel(empty, fixture)
    }
    expect(again.size).toBe(2 * made.size)
    for (const [file, { error, trace, predictions, losses }] of again) {
      expect(error, `${file} ${trace}`).toBeUndefined()
      const name = file.slice(folder.length + 1, file.lastIndexOf(".saved"))
      const fixture = made.get(name)!
      expect(worst(predictions, flat(fixture.predictions)), file).toBeLessThan(5e-6)
      losses.forEach((loss, i) => {
        const want = fixture.losses![i]!
        expect(Math.abs(loss - want), `${file}, step ${i}`).toBeLessThan(2e-5 * Math.max(1e-3, Math.abs(want)))
      })
    }
  })
})
