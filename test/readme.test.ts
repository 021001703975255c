import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const root = join(import.meta.dirname, "..")
const folder = join(root, "test", ".cache")
const blocks = [...readFileSync(join(root, "README.md"), "utf8").matchAll(/```ts\n([\s\S]*?)```/g)].map(
  match => match[1],
)

describe("the README's code", () => {
  beforeAll(() => mkdirSync(folder, { recursive: true }))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(blocks.map((code, i) => [i + 1, code]))("block %i runs as printed", (i, code) => {
    const file = join(folder, `readme-${i}.mts`)
    writeFileSync(file, String(code))
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ["--import", "tsx", "--conditions=@selvedge/source", file],
      { cwd: root, encoding: "utf8", timeout: 55_000 },
    )
    expect(stderr).toBe("")
    expect(status).toBe(0)
    expect(stdout.length).toBeGreaterThan(50)
  })

  it("has code to run", () => expect(blocks.length).toBeGreaterThanOrEqual(2))
})
