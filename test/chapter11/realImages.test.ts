import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { runExperiment } from "@selvedge/chapter11"
import { afterAll, expect, it } from "vitest"

const data = process.env.SELVEDGE_DATASETS
const out = mkdtempSync(join(tmpdir(), "chapter11-real-"))
afterAll(() => rmSync(out, { recursive: true, force: true }))

const settings = { epochs: null, quick: false, data: null }

// What the book's notebook prints.
const shapes = ["X_train_A.shape (43986, 28, 28)", "X_train_B.shape (200, 28, 28)"]
const labels = {
  A: "4, 0, 5, 7, 7, 7, 4, 4, 3, 4, 0, 1, 6, 3, 4, 3, 2, 6, 5, 3, 4, 5, 1, 3, 4, 2, 0, 6, 7, 1",
  B: "1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1",
}

if (data) {
  it("split prints the book's shapes and labels", async () => {
    const { lines } = await runExperiment({ out, key: "split", seed: 42, settings })
    expect(lines.slice(0, 4)).toEqual([...shapes, `y_train_A[:30] [${labels.A}]`, `y_train_B[:30] [${labels.B}]`])
  })

  it("standardize gives the training images mean 0 and deviation 1", async () => {
    const { facts } = await runExperiment({ out, key: "standardize", seed: 42, settings })
    const { mean, std } = facts.train as { mean: number; std: number }
    expect(Math.abs(mean)).toBeLessThan(1e-4)
    expect(std).toBeCloseTo(1, 4)
  })
} else {
  it("split and standardize on the book's images need a folder that SELVEDGE_DATASETS names", () => {
    console.warn("SELVEDGE_DATASETS names no folder: the book's images are not looked at")
    expect(process.env.SELVEDGE_DATASETS ?? "").toBe("")
  })
}
