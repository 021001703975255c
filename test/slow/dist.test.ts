import { execFile, execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { build } from "esbuild"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { filePath } from "../formats/kerasFixtures.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))
const folders = [
  ...["core", "layers", "trainer", "formats", "report", "selvedge"].map(n => `packages/${n}`),
  "datasets",
]
const nameOf = (folder: string) => JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")).name as string
const built = (folder: string) => join(root, folder, "dist/node/index.js")
const temporary = mkdtempSync(join(root, "node_modules/.selvedge-dist-"))
afterAll(() => rmSync(temporary, { recursive: true }))

/** What a program prints that imports packages as their users do. */
async function run(program: string, flags: readonly string[] = []): Promise<string> {
  const path = join(temporary, "program.mjs")
  writeFileSync(path, program)
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, path], { env: { PATH: process.env.PATH } })
  return stdout
}

const train = `
  const { Dense, Sequential } = layers
  const model = new Sequential(
    [new Dense(64, { activation: "selu", inputShape: [40], kernelInitializer: "he_normal" }), new Dense(3)], { seed: 3 })
  const run = trainer.compile(model, { loss: "mse", optimizer: new trainer.Adam() })
  const x = core.randomNormal([32, 40], { stream: core.stream(1, "test", "x") })
  const y = core.randomNormal([32, 3], { stream: core.stream(1, "test", "y") })
  for (let i = 0; i < 20; i++) run.trainOnBatch(x, y)
`
const hash = (weights: readonly (readonly number[])[]) =>
  createHash("sha256").update(JSON.stringify(weights)).digest("hex")

describe("what npm run build makes", () => {
  beforeAll(() => {
    execFileSync("npm", ["run", "build"], { cwd: root, stdio: "pipe" })
  }, 600_000)

  it.each(folders)("%s in one file has everything that its sources have, under the same names", async folder => {
    const ask = `
      const all = await import("${nameOf(folder)}")
      const classes = Object.entries(all).map(([key, value]) => [key, typeof value, value?.className ?? null])
      console.log(JSON.stringify([import.meta.resolve("${nameOf(folder)}"), classes.sort()]))`
    const [path, found] = JSON.parse(await run(ask))
    expect(fileURLToPath(path)).toBe(built(folder))
    const sources: object = await import(nameOf(folder))
    const known = Object.entries(sources).map(([key, value]) => [key, typeof value, value?.className ?? null])
    expect(found).toEqual(JSON.parse(JSON.stringify(known.sort())))
  })

  it("trains to the same bits as the sources", async () => {
    const [core, layers, trainer] = await Promise.all([
      import("@selvedge/core"),
      import("@selvedge/layers"),
      import("@selvedge/trainer"),
    ])
    const model = new Function("core", "layers", "trainer", `${train}; return model`)(core, layers, trainer)
    const imports = `
      const [core, layers, trainer] = await Promise.all(
        ["core", "layers", "trainer"].map(name => import("@selvedge/" + name)))`
    const printed = await run(`${imports}${train}
      console.log(JSON.stringify(model.getWeights().map(w => [...w])))`)
    expect(hash(JSON.parse(printed))).toBe(hash(model.getWeights().map((w: Float32Array) => [...w])))
  })

  it("loads what is seldom needed when it is: core, layers and trainer import nothing but each other", () => {
    const importsOf = (folder: string) =>
      [...readFileSync(built(folder), "utf8").matchAll(/^(?:import|\} from|export .* from) .*?"([^"]+)";$/gm)]
        .map(([, name = ""]) => name)
        .filter((name, i, all) => all.indexOf(name) === i)
        .sort()
    expect(importsOf("packages/core")).toEqual([])
    expect(importsOf("packages/layers")).toEqual(["@selvedge/core"])
    expect(importsOf("packages/trainer")).toEqual(["@selvedge/core", "@selvedge/layers"])
    expect(importsOf("packages/formats")).not.toContain("h5wasm")
    expect(importsOf("packages/selvedge")).not.toContain("@selvedge/formats")
  })

  it("leads stack traces to the sources", async () => {
    const program = `
      import { linear, ones } from "@selvedge/core"
      try { linear(ones([1, 2]), ones([3, 1])) } catch ({ stack }) { console.log(stack) }`
    const [, file = "", line = ""] = /at linear \((.*linear\.ts):(\d+):/.exec(
      await run(program, ["--enable-source-maps"]),
    )!
    expect(file).toBe(join(root, "packages/core/src/ops/linear.ts"))
    expect(readFileSync(file, "utf8").split("\n")[Number(line) - 1]).toContain("checkKernel(x")
  })

  it("gives a page only what it uses", async () => {
    const sizeWith = async (conditions: { conditions?: string[] }) => {
      const contents = `import { tensor } from "@selvedge/core"; console.log(tensor([1]))`
      const options = { bundle: true, minify: true, write: false, format: "esm", ...conditions } as const
      const { outputFiles } = await build({ stdin: { contents, resolveDir: import.meta.dirname }, ...options })
      return outputFiles[0].contents.length
    }
    const fromSources = await sizeWith({ conditions: ["@selvedge/source"] })
    expect(await sizeWith({})).toBeLessThan(fromSources * 1.02)
    expect(fromSources).toBeLessThan(20_000)
  })

  it("runs as a command, with parsing in a worker", async () => {
    const cli = join(root, "packages/selvedge/dist/cli.js")
    const command = async (...words: string[]) => (await promisify(execFile)(process.execPath, [cli, ...words])).stdout
    expect(await command("--help")).toContain("hand-over")
    const { weights } = JSON.parse(await command("inspect", fileURLToPath(filePath("keras3_bn.h5")), "--json"))
    expect(weights.length).toBeGreaterThan(0)
  })

  it("draws PNG files", async () => {
    const program = `
      import { plotHistory, svgToPng } from "@selvedge/report"
      console.log(Buffer.from(await svgToPng(plotHistory({ loss: [1, 0.5] }))).subarray(1, 4).toString())`
    expect(await run(program)).toBe("PNG\n")
  })

  it.each(folders)(
    "%s is packed as publint and Are The Types Wrong want it",
    async folder => {
      const bin = (name: string) => join(root, "node_modules/.bin", name)
      const flags = ["--profile", "esm-only", "--format", "ascii"]
      const packed = mkdtempSync(join(tmpdir(), "selvedge-pack-"))
      try {
        await promisify(execFile)(bin("publint"), ["--strict", join(root, folder)])
        const { stdout } = await promisify(execFile)("npm", ["pack", "--json", "--pack-destination", packed], {
          cwd: join(root, folder),
        })
        await promisify(execFile)(bin("attw"), [join(packed, JSON.parse(stdout)[0].filename), ...flags])
      } finally {
        rmSync(packed, { recursive: true })
      }
    },
    300_000,
  )
})
