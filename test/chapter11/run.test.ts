import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { collect, readRecord, runExperiment, runFolder } from "@selvedge/chapter11"
import { loadModel } from "@selvedge/formats"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const out = mkdtempSync(join(tmpdir(), "chapter11-"))
const environment = { ...process.env }
const settings = { epochs: null, quick: true, data: null }

// Garments are drawn: no folder is named, the cache is empty, and a quick run never downloads.
beforeAll(() => {
  process.env.XDG_CACHE_HOME = out
  process.env.SELVEDGE_DATASETS = ""
})
afterAll(() => {
  process.env = environment
  rmSync(out, { recursive: true, force: true })
})

describe("a run", () => {
  it("leaves history, configuration, network and pictures, and can be collected", async () => {
    const record = await runExperiment({ out, key: "leaky_relu", seed: 7, settings })
    const folder = runFolder(out, "leaky_relu", 7)
    expect(await readRecord(folder)).toEqual(record)
    expect(record.history.val_accuracy).toHaveLength(2)
    expect(record.images).toContain("synthetic")
    for (const file of [
      "curves.svg",
      "curves.png",
      "narrow/curves.svg",
      "confusion.svg",
      "predictions.svg",
      "activations.svg",
    ]) {
      expect(existsSync(join(folder, file)), file).toBe(true)
    }
    expect(existsSync(join(folder, "partial"))).toBe(false)
    expect((await loadModel(join(folder, "model.keras"))).countParams()).toBe(266610)
    const configuration = JSON.parse(readFileSync(join(folder, "configuration.json"), "utf8"))
    expect(configuration).toMatchObject({
      key: "leaky_relu",
      seed: 7,
      trainings: { "": { epochs: 2, batch_size: 32, parameters: 266610, optimizer: { class_name: "SGD" } } },
    })
    const { runs, comparison } = await collect(out)
    expect(runs.map(run => run.record.key)).toContain("leaky_relu")
    expect(comparison.keys).toEqual([])
  })

  it("that was interrupted goes on where it was and comes to the same", async () => {
    const request = { out, key: "model_B", seed: 3, settings: { ...settings, epochs: 4 } }
    const whole = await runExperiment({ ...request, out: join(out, "whole") })
    const stop = (epoch: number) => {
      if (epoch === 3) throw new Error("the power is off")
    }
    await expect(runExperiment(request, ({ epoch }) => stop(epoch))).rejects.toThrow("the power is off")
    const seen: number[] = []
    const resumed = await runExperiment(request, ({ epoch }) => seen.push(epoch))
    expect(Math.min(...seen)).toBeGreaterThan(0)
    expect(resumed.history).toEqual(whole.history)
    const model = async (folder: string) => (await loadModel(join(folder, "model_B", "3", "model.keras"))).getWeights()
    expect(await model(out)).toEqual(await model(join(out, "whole")))
  })

  it("under other options begins anew", async () => {
    const request = { out, key: "model_B", seed: 4, settings: { ...settings, epochs: 4 } }
    const stop = (epoch: number) => {
      if (epoch === 2) throw new Error("the power is off")
    }
    await expect(runExperiment(request, ({ epoch }) => stop(epoch))).rejects.toThrow("the power is off")
    const { history } = await runExperiment({ ...request, settings: { ...settings, epochs: 1 } })
    expect(history.loss).toHaveLength(1)
  })

  it("that explodes says so, and its record has no number where there is none", async () => {
    const { diverged, history } = await runExperiment({ out, key: "unclipped", seed: 1, settings })
    expect(diverged).toBe(true)
    expect(history.loss!.at(-1)).toBeNull()
  })
})
