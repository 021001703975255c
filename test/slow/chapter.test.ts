import { type ChildProcess, execFile, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { experiments, readRecord, runExperiment, runFolder } from "@selvedge/chapter11"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { help, readCommand } from "../../packages/chapter11/src/command.ts"

const root = join(import.meta.dirname, "../..")
const folder = mkdtempSync(join(tmpdir(), "chapter-"))
const out = join(folder, "runs")
const environment = { ...process.env }
// Garments are drawn: no folder is named, the cache is empty, and a quick run never downloads.
const env = { ...process.env, XDG_CACHE_HOME: folder, SELVEDGE_DATASETS: "" }

beforeAll(() => {
  Object.assign(process.env, env)
})
afterAll(() => {
  process.env = environment
  rmSync(folder, { recursive: true, force: true })
})

const command = ["--conditions=@selvedge/source", "--import", "tsx", "packages/chapter11/src/chapter.ts"]

/** The command, as `npm run chapter` calls it. */
async function chapter(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [...command, ...args], { cwd: root, env })) }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

describe("readCommand", () => {
  it("runs everything once under the book's conditions when nothing is said", () => {
    expect(readCommand([])).toMatchObject({
      keys: Object.keys(experiments),
      seeds: [42],
      settings: { epochs: null, quick: false, data: null },
      out: "runs",
      json: undefined,
    })
  })

  it("keeps quick runs away from others", () => {
    expect(readCommand(["bn", "--quick", "--seeds=1,2"])).toMatchObject({
      keys: ["bn"],
      seeds: [1, 2],
      out: "runs/quick",
    })
  })

  it("knows list and help, and refuses what it does not know", () => {
    expect(readCommand(["list"])).toBe("list")
    expect(readCommand(["bn", "--help"])).toBe("help")
    expect(() => readCommand(["leaky_rely"])).toThrow('there is no experiment "leaky_rely", did you mean leaky_relu?')
    expect(() => readCommand(["--seed", "1"])).toThrow("there is no flag --seed, did you mean --seeds?")
    for (const flag of ["seeds", "epochs", "quick", "json", "out", "jobs", "data", "no-wide"])
      expect(help).toContain(`--${flag}`)
  })
})

it("runs experiments in parallel, writes the JSON, and does not run them again", async () => {
  const json = join(folder, "all.json")
  const options = ["--quick", "--seeds", "5", "--out", out, "--json", json]
  const first = await chapter("B_on_A", ...options, "--jobs", "2")
  expect(first.stderr).toBe("")
  expect(first.code).toBe(0)
  expect(first.stdout).toContain("synthetic")
  expect(first.stdout).toMatch(/model_A 5: val_loss \d\.\d{4} {2}val_accuracy 0\.\d{4}/)
  expect(first.stdout).toContain("Saved as my_model_A.h5 and loaded again: the weights are the same")
  expect(first.stdout).toMatch(/Test error of B: .* % alone, .* % on A: ratio/)
  const { runs } = JSON.parse(readFileSync(json, "utf8"))
  expect(Object.keys(runs)).toEqual(["model_A", "model_B", "B_on_A"])
  expect(Object.keys(runs.model_B["5"])).toEqual(
    expect.arrayContaining(["loss", "accuracy", "val_loss", "val_accuracy", "seconds", "test"]),
  )
  expect(runs.B_on_A["5"].loss).toHaveLength(2)
  const [run] = Object.values<object>(runs.B_on_A)
  expect(Object.keys(run!)).toEqual(["loss", "accuracy", "val_loss", "val_accuracy", "seconds", "test"])
  expect(existsSync(join(out, "model_A", "5", "my_model_A.h5"))).toBe(true)
  expect(first.stdout).toContain(`Report in ${join(out, "report.html")}`)
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain('<h3 id="b-on-a">B_on_A</h3>')

  // One process at a time, threads or not: the same numbers.
  const alone = await runExperiment({
    out: join(folder, "alone"),
    key: "model_B",
    seed: 5,
    settings: { epochs: null, quick: true, data: null },
  })
  expect(alone.history).toEqual((await readRecord(runFolder(out, "model_B", 5)))?.history)

  const again = await chapter("B_on_A", ...options)
  expect(again.stdout).toContain("3 of 3 runs are in")
  expect(again.stdout).not.toContain("model_A 5:")
}, 300_000)

it("when interrupted writes the report of what there is, and goes on from there when called again", async () => {
  const where = join(folder, "interrupted")
  const options = ["split", "selu_1000", "bn", "--quick", "--seeds", "5", "--out", where, "--jobs", "1"]
  const child = spawn(process.execPath, [...command, ...options], { cwd: root, env, detached: true })
  let said = ""
  let errors = ""
  child.stderr.on("data", chunk => {
    errors += String(chunk)
  })
  child.stdout.on("data", chunk => {
    const before = said.includes("selu_1000 5")
    said += String(chunk)
    if (!before && said.includes("selu_1000 5")) interrupt(child)
  })
  const code = await new Promise(resolve => child.on("close", resolve))
  expect(code, `${said}\n${errors}`).toBe(130)
  expect(said).toContain("Interrupted. The same command goes on from here.")
  const report = () => readFileSync(join(where, "report.html"), "utf8")
  expect(report()).toContain(">selu_1000</h3>")
  expect(report()).not.toContain(">split</h3>")
  const again = await chapter(...options)
  expect(again.code).toBe(0)
  expect(again.stdout).toMatch(/^[12] of 3 runs are in/)
  for (const key of ["selu_1000", "bn", "split"]) expect(report()).toContain(`>${key}</h3>`)
}, 300_000)

it("takes the signal that ended an experiment's process for an interruption of the whole", async () => {
  const options = ["selu_1000", "--quick", "--out", join(folder, "signalled"), "--jobs", "1"]
  const child = spawn(process.execPath, [...command, ...options], { cwd: root, env })
  let said = ""
  let signals: NodeJS.Timeout | undefined
  const listen = (chunk: unknown) => {
    said += String(chunk)
    // Said just before the process begins; again and again, for nobody knows when it has begun.
    if (said.includes("Vectors of"))
      signals ??= setInterval(() => execFile("pkill", ["-TERM", "-P", String(child.pid)]), 20)
  }
  child.stdout.on("data", listen)
  child.stderr.on("data", listen)
  const code = await new Promise(resolve => child.on("close", resolve))
  clearInterval(signals)
  expect(code, said).toBe(130)
  expect(said).toContain("Interrupted. The same command goes on from here.")
  expect(said).not.toContain("failed")
}, 300_000)

/** As a terminal does it, to all of the command's processes, with npm passing on what they have heard already. */
function interrupt({ pid = 0 }: ChildProcess): void {
  process.kill(-pid, "SIGINT")
  setTimeout(() => process.kill(pid, "SIGINT"), 20)
}

it("every experiment has a title, and needs what there is", () => {
  for (const { title, needs = [] } of Object.values(experiments)) {
    expect(title.length).toBeGreaterThan(3)
    for (const key of needs) expect(Object.keys(experiments)).toContain(key)
  }
})
