import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { readNpz, saveModel, saveTrainer, toBytes, writeNpz } from "@selvedge/formats"
import { Add, Dense, input, Model, Sequential, Subtract, type Symbolic } from "@selvedge/layers"
import { Adam, compile, type Trainer } from "@selvedge/trainer"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { difference } from "../../packages/selvedge/src/commands/diff.ts"
import { statistics } from "../../packages/selvedge/src/commands/inspect.ts"
import { main } from "../../packages/selvedge/src/main.ts"
import { filePath, fixtures } from "../formats/kerasFixtures.ts"

const folder = mkdtempSync(join(tmpdir(), "selvedge-cli-"))
const at = (name: string) => join(folder, name)
afterAll(() => rmSync(folder, { recursive: true }))

async function selvedge(...words: string[]) {
  const printed = { out: [] as string[], err: [] as string[] }
  const code = await main(words, { out: text => printed.out.push(text), err: text => printed.err.push(text) })
  return { code, out: printed.out.join("\n"), err: printed.err.join("\n") }
}

async function asJson(...words: string[]) {
  const { code, out, err } = await selvedge(...words, "--json")
  expect(err).toBe("")
  expect(code).toBe(0)
  return JSON.parse(out)
}

const x = { data: Float32Array.from([1, 2, 3, 4, 5, 6, 7, 8]), shape: [4, 2] }
const y = Float32Array.of(0, 1, 1, 0)
let trainer: Trainer

beforeAll(async () => {
  const layers = [new Dense(3, { inputShape: [2], activation: "tanh", name: "hidden" }), new Dense(1, { name: "out" })]
  trainer = compile(new Sequential(layers, { seed: 1, name: "small" }), { loss: "mse", optimizer: new Adam() })
  await saveTrainer(trainer, at("before.keras"))
  await trainer.fit(x, y, { epochs: 3, verbose: 0 })
  await saveTrainer(trainer, at("after.keras"))
  writeFileSync(
    at("data.npz"),
    writeNpz([
      { name: "x", ...x },
      { name: "y", shape: [4], data: y },
    ]),
  )
  writeFileSync(at("data.csv"), "a,b,y\n1,2,0\n3,4,1\n5,6,1\n7,8,0\n")
})

describe("inspect", () => {
  it("shows architecture, weights, optimizer and versions", async () => {
    const { architecture, optimizer, versions, weights } = await asJson("inspect", at("after.keras"))
    expect(architecture).toMatchObject({ name: "small", class: "Sequential", parameters: 13 })
    expect(optimizer).toMatchObject({ class: "Adam", step: 3 })
    expect(versions.keras).toMatch(/^3\./)
    expect(weights.map((w: { name: string; shape: number[] }) => [w.name, w.shape])).toEqual([
      ["hidden/kernel", [2, 3]],
      ["hidden/bias", [3]],
      ["out/kernel", [3, 1]],
      ["out/bias", [1]],
    ])
    const { out } = await selvedge("inspect", at("after.keras"))
    expect(out).toContain("hidden (Dense)")
    expect(out).toContain("optimizer Adam at step 3")
  })

  it("computes mean, deviation and non-finite count", () => {
    const data = Float32Array.of(1, 3, Number.NaN, Number.POSITIVE_INFINITY)
    const name = "w"
    expect(statistics({ name, shape: [4], data })).toEqual({ name, shape: [4], mean: 2, std: 1, nonFinite: 2 })
  })

  it.each(fixtures.flatMap(f => Object.values(f.files).map(file => [file] as const)))(
    "reads Keras's %s",
    async file => {
      const { weights } = await asJson("inspect", fileURLToPath(filePath(file)))
      expect(weights.length).toBeGreaterThan(0)
    },
  )
})

describe("convert, diff", () => {
  it("loses nothing on the way through .h5 and back", async () => {
    await asJson("convert", at("after.keras"), at("after.h5"))
    await asJson("convert", at("after.h5"), at("again.keras"))
    expect(await asJson("diff", at("after.keras"), at("again.keras"))).toMatchObject({ equal: true })
    expect((await asJson("inspect", at("again.keras"))).optimizer.step).toBe(3)
  })

  it.each([".onnx", ".npz", ".safetensors", ".json", ".weights.h5"])("writes %s", async ending => {
    await asJson("convert", at("after.keras"), at(`after${ending}`))
    expect(existsSync(at(`after${ending}`))).toBe(true)
  })

  it("tells the largest and the mean difference", async () => {
    const { equal, weights } = await asJson("diff", at("before.keras"), at("after.keras"))
    expect(equal).toBe(false)
    // Three steps of Adam with rate 0.001 move a weight by about 0.003.
    for (const { largest, mean } of weights) {
      expect(largest).toBeGreaterThan(0.002)
      expect(largest).toBeLessThan(0.0035)
      expect(mean).toBeLessThanOrEqual(largest)
    }
    const of = (...values: number[]) => ({ name: "w", shape: [values.length], data: Float32Array.from(values) })
    expect(difference(of(1, 2, 3), of(1, 4, 7))).toEqual({ name: "w", largest: 4, mean: 2 })
    expect(difference(of(Number.NaN), of(1)).largest).toBe(Number.POSITIVE_INFINITY)
  })
})

describe("predict, evaluate", () => {
  it("gives the model's outputs for .npz and .csv, printed or written", async () => {
    const expected = await trainer.predict(x)
    const values = Array.isArray(expected) ? [] : [expected.toArray()]
    expect((await asJson("predict", at("after.keras"), at("data.npz"))).outputs).toEqual(values)
    expect((await asJson("predict", at("after.keras"), at("data.csv"))).outputs).toEqual(values)
    await asJson("predict", at("after.keras"), at("data.npz"), "--out", at("y.npz"))
    const [array] = readNpz((await toBytes(at("y.npz"))).bytes)
    expect(array?.shape).toEqual([4, 1])
  })

  it("gives loss and metrics", async () => {
    const { loss } = await trainer.evaluate(x, y)
    expect(await asJson("evaluate", at("after.keras"), at("data.npz"))).toEqual({ examples: 4, loss })
    const other = await asJson("evaluate", at("after.keras"), at("data.csv"), "--y", "y", "--loss", "mae")
    expect(other.loss).not.toBe(loss)
  })
})

describe("hand-over", () => {
  it("writes the folder; take-back says that Keras has not been there", async () => {
    const { next } = await asJson("hand-over", at("after.keras"), at("run"), "--data", at("data.npz"), "--epochs", "2")
    expect(next).toBe(`python ${at("run")}/continue.py`)
    expect(existsSync(at("run/manifest.json"))).toBe(true)
    const { code, err } = await selvedge("take-back", at("run"), at("back.keras"))
    expect(code).toBe(1)
    expect(err).toContain("continue.py to its end first")
  })
})

describe("what people bring", () => {
  const [control, turn] = [0x1b, 0x202e].map(code => String.fromCharCode(code)) as [string, string]

  it("a model that was never compiled, or whose training cannot be read, is still looked at", async () => {
    await saveModel(trainer.model as Sequential, at("bare.keras"))
    expect((await asJson("inspect", at("bare.keras"))).architecture.name).toBe("small")
    const more = (file: string) => fileURLToPath(new URL(`../formats/data/more/${file}`, import.meta.url))
    expect((await asJson("inspect", more("uncompiled.keras"))).optimizer).toBeNull()
    const { architecture, untrained } = await asJson("inspect", more("legacy_nadam.h5"))
    expect(architecture.parameters).toBeGreaterThan(0)
    expect(untrained).toContain("legacy Nadam")
    const { code, err } = await selvedge("evaluate", more("legacy_nadam.h5"), at("data.npz"))
    expect([code, err.includes("legacy Nadam")]).toEqual([1, true])
  })

  it("names from a file do not steer the terminal", async () => {
    const name = `${control}[31mred${turn}`
    await saveModel(new Sequential([new Dense(1, { inputShape: [2], name })]), at("names.keras"))
    const { out } = await selvedge("inspect", at("names.keras"))
    expect(out).toContain("\\u001b[31mred\\u202e")
    expect([out.includes(control), out.includes(turn)]).toEqual([false, false])
    expect((await asJson("inspect", at("names.keras"))).weights[0].name).toBe(`${name}/kernel`)
  })

  it("weights alone are compared with the model's", async () => {
    await asJson("convert", at("after.keras"), at("alone.weights.h5"))
    expect((await asJson("diff", at("after.keras"), at("alone.weights.h5"))).equal).toBe(true)
    expect((await asJson("diff", at("alone.weights.h5"), at("before.keras"))).equal).toBe(false)
  })

  it("several inputs and outputs are read by their names", async () => {
    const [a, b] = ["left", "right"].map(name => input({ shape: [2], name })) as [Symbolic, Symbolic]
    const outputs = ["sum", "difference"].map((name, i) => new (i ? Subtract : Add)({ name }).apply([a, b]))
    const two = compile(new Model({ inputs: [a, b], outputs }), { loss: "mse" })
    await saveTrainer(two, at("two.keras"))
    const right = { ...x, data: x.data.map(value => 10 * value) }
    const parts = [
      ["left", x],
      ["right", right],
      ["sum", x],
      ["difference", x],
    ] as const // prettier-ignore
    writeFileSync(at("two.npz"), writeNpz(parts.map(([name, part]) => ({ name, ...part }))))
    const { outputs: values } = await asJson("predict", at("two.keras"), at("two.npz"))
    expect(values[0][0]).toEqual([11, 22])
    expect(values[1][3]).toEqual([-63, -72])
    const logs = await asJson("evaluate", at("two.keras"), at("two.npz"))
    expect(Object.keys(logs)).toEqual(["examples", "loss", "sum_loss", "difference_loss"])
    const { err } = await selvedge("predict", at("two.keras"), at("data.npz"))
    expect(err).toContain('there is no array "left"')
  })
})

describe("wrong words and wrong files", () => {
  it.each([
    [["inspet", "x"], 'there is no command "inspet", did you mean "inspect"?'],
    [["inspect", "x", "--jsn"], "inspect: unknown flag --jsn, did you mean --json?"],
    [["predict", "m", "d", "--batchsize=3"], "predict: unknown flag --batchsize, did you mean --batch-size?"],
    [["inspect", "x", "y"], 'inspect: one word too many: "y"'],
    [["predict", "m", "d", "--out"], "predict: --out takes a value"],
    [["inspect"], "FILE"],
  ])("%j: exit code 2", async (words, message) => {
    const { code, out, err } = await selvedge(...words)
    expect([code, out]).toEqual([2, ""])
    expect(err).toContain(message)
  })

  it("a file that is not there or damaged: exit code 1, as JSON when asked", async () => {
    writeFileSync(at("bad.keras"), "no model")
    expect((await selvedge("inspect", at("nowhere.keras"))).code).toBe(1)
    const { code, err } = await selvedge("inspect", at("bad.keras"), "--json")
    expect(code).toBe(1)
    expect(JSON.parse(err).error.code).toBe("ERR_FORMAT")
  })

  it("a place that cannot be written: a sentence with the file's own name", async () => {
    const file = at("no/such/folder.keras")
    const { code, err } = await selvedge("convert", at("after.keras"), file)
    expect(code).toBe(1)
    expect(err).toMatch(
      /^selvedge: \S+folder\.keras: file: expected a path that can be written, found ENOENT: no such file/,
    )
    expect((await selvedge("convert", at("after.keras"), at("a.onnx"), "--keras", "2")).code).toBe(2)
    const missing = await selvedge("inspect", "--json")
    expect([missing.code, JSON.parse(missing.err).error.code]).toEqual([2, "ERR_OPTION"])
  })

  it("an ending that cannot be written, a number that is none: exit code 2", async () => {
    expect((await selvedge("convert", at("after.keras"), at("x.kers"))).err).toContain("did you mean .keras?")
    const { code, err } = await selvedge("predict", at("after.keras"), at("data.npz"), "--batch-size", "many")
    expect([code, err]).toEqual([2, 'selvedge: --batch-size takes a whole number from 1 up, got "many"'])
  })
})

it("runs as a program: help, exit code", () => {
  const cli = fileURLToPath(new URL("../../packages/selvedge/src/cli.ts", import.meta.url))
  const run = (...words: string[]) =>
    execFileSync(process.execPath, ["--import", "tsx", "--conditions=@selvedge/source", cli, ...words], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    })
  expect(run("--help")).toMatch(/^[\x20-\x7e\n]*hand-over[\x20-\x7e\n]*$/)
  expect(run("--version")).toMatch(/^\d+\.\d+\.\d+\n$/)
  // A reader that goes away, as head does, is no error.
  const one = (_: unknown, i: number) => ({ name: `w${i}`, shape: [1], data: Float32Array.of(i) })
  writeFileSync(at("many.npz"), writeNpz(Array.from({ length: 5000 }, one)))
  const program = `"${process.execPath}" --import tsx --conditions=@selvedge/source "${cli}"`
  const pipe = `${program} inspect "${at("many.npz")}" --json | head -c 1`
  expect(spawnSync("bash", ["-c", pipe], { encoding: "utf8" })).toMatchObject({ stdout: "{", stderr: "" })
  expect(() => run("inspect", at("nowhere.keras"))).toThrow(expect.objectContaining({ status: 1 }))
})
