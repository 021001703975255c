import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"
import { compare, isImageFolder, run, type Trajectory } from "./trajectory.ts"

const fixtures = join(dirname(fileURLToPath(import.meta.url)), "..", "fixtures")
const read = (path: string) => JSON.parse(readFileSync(path, "utf8"))

function runs(set: string): Trajectory[] {
  const { cases } = read(join(fixtures, set, "index.json"))
  return cases.map(({ file }: { file: string }) => read(join(fixtures, set, file)))
}

describe("trajectories-generated", () => {
  const all = runs("trajectories-generated")
  const folder = join(fixtures, "trajectories-generated")

  let ran = 0

  it.each(all)("$name follows Keras", async t => {
    compare(t, await run(t, join(folder, "images"), folder))
    ran++
  })

  it("ran every one of the 24", () => {
    expect(all.length).toBe(24)
    expect(ran).toBe(24)
  })
})

const datasets = process.env.SELVEDGE_DATASETS
// It names the folder of all data sets, or that of this one.
const images = datasets && (isImageFolder(datasets) ? datasets : join(datasets, "fashion-mnist"))

describe("trajectories", () => {
  const all = runs("trajectories")
  const folder = join(fixtures, "trajectories")

  it("holds 24 runs", () => expect(all.length).toBe(24))

  if (isImageFolder(images)) {
    let ran = 0

    it.each(all)("$name follows Keras on the real images", async t => {
      compare(t, await run(t, images, folder))
      ran++
    })

    it("ran every one of the 24", () => expect(ran).toBe(24))
  } else {
    it.skip.each(all)("$name: not run, SELVEDGE_DATASETS does not name a folder with fashion-mnist", () => {})
  }
})
