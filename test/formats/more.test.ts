import { readdirSync, readFileSync } from "node:fs"
import { FormatError } from "@selvedge/core"
import {
  loadModel,
  loadTrainer,
  modelToBytes,
  readHdf5,
  readZip,
  toOnnx,
  trainerToBytes,
  writeHdf5,
  writeZip,
} from "@selvedge/formats"
import { Dense, input, Model, Sequential } from "@selvedge/layers"
import { Adam, CosineDecay, compile, Huber, SGD, type Trainer } from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { asTensor, type Encoded, numbers } from "./kerasFixtures.ts"

/**
 * More files of real Keras 3.15 and tf_keras 2.21, three steps into their training; beside each what Keras computes:
 * predictions, the logs of evaluate in batches of 5, losses of three more steps. `test/keras/more.py` writes such models.
 */
interface Fixture {
  file: string
  inputs: Encoded[]
  targets: Encoded[]
  predictions: Encoded[]
  weights: Encoded[]
  losses: number[]
  evaluate: Record<string, number>
}

const folder = new URL("data/more/", import.meta.url)
const names = readdirSync(folder)
const fixtures: Fixture[] = names
  .filter(name => name.endsWith(".json"))
  .map(name => {
    const stem = name.slice(0, -".json".length)
    const file = names.find(other => other.startsWith(`${stem}.`) && other !== name)!
    return { ...JSON.parse(readFileSync(new URL(name, folder), "utf8")), file }
  })
const path = (file: string) => new URL(file, folder)
const one = <T>(list: T[]): T | T[] => (list.length === 1 ? list[0]! : list)
const config = (bytes: Uint8Array) => new TextDecoder().decode(readZip(bytes).get("config.json"))
const text = (value: string) => new TextEncoder().encode(value)

function expectPredictions(model: Model, { inputs, predictions, weights }: Fixture): void {
  expect(model.getWeights()).toEqual(weights.map(numbers))
  const outputs = model.applyAll(one(inputs.map(asTensor)), { training: false })
  predictions.forEach((want, i) => {
    const got = [outputs[i]!.toArray()].flat(9) as number[]
    expect(got.length).toBe(want.data.length)
    const off = got.map((value, k) => Math.abs(value - Number(want.data[k])) / (1 + Math.abs(value)))
    expect(Math.max(...off)).toBeLessThan(5e-6)
  })
}

function expectLosses(trainer: Trainer, { inputs, targets, losses }: Fixture, steps = losses.length): void {
  for (const want of losses.slice(0, steps)) {
    const { loss } = trainer.trainOnBatch(one(inputs.map(asTensor)), one(targets.map(asTensor)))
    expect(Math.abs(loss! - want) / want).toBeLessThan(2e-5)
  }
}

describe("more files of Keras", () => {
  // tf_keras multiplies Nadam's product once for every weight, so only the first step agrees with the formula.
  const stepsOf = (file: string) => (file.includes("nadam") ? 1 : 3)

  it.each(fixtures.map(fixture => [fixture.file, fixture] as const))("%s", async (file, fixture) => {
    expectPredictions(await loadModel(path(file)), fixture)
    const trainer = await loadTrainer(path(file))
    const x = one(fixture.inputs.map(asTensor))
    const logs = await trainer.evaluate(x, one(fixture.targets.map(asTensor)), { batchSize: 5 })
    for (const [name, want] of Object.entries(fixture.evaluate)) {
      expect(Math.abs(logs[name]! - want), name).toBeLessThan(1e-5 * Math.max(1, Math.abs(want)))
    }
    expectLosses(trainer, fixture, stepsOf(file))
  })

  it.each(fixtures.map(fixture => [fixture.file, fixture] as const))("%s, saved again", async (file, fixture) => {
    const words = file.startsWith("keras2") ? [{ format: "h5", keras: 2 } as const] : [{}, { format: "h5" } as const]
    for (const options of words) {
      const bytes = await trainerToBytes(await loadTrainer(path(file)), options)
      expectPredictions(await loadModel(bytes), fixture)
      const trainer = await loadTrainer(bytes)
      expectLosses(trainer, fixture, stepsOf(file))
      const logs = await trainer.evaluate(one(fixture.inputs.map(asTensor)), one(fixture.targets.map(asTensor)))
      expect(Object.keys(logs)).toEqual(expect.arrayContaining(Object.keys(fixture.evaluate)))
    }
  })

  it("has the running product of Nadam, which Keras 2 stores nowhere", async () => {
    const { optimizer } = await loadTrainer(path("keras2_nadam.h5"))
    const product = [1, 2, 3].reduce((so, t) => so * 0.9 * (1 - 0.5 * 0.96 ** t), 1)
    expect(optimizer.variables.at(-1)!.toArray()).toBeCloseTo(product, 6)
  })

  it("takes data by the names of inputs and outputs", async () => {
    const { inputs, targets, losses } = fixtures.find(({ file }) => file === "keras3_named_inputs.keras")!
    const trainer = await loadTrainer(path("keras3_named_inputs.keras"))
    const [alpha, zeta] = inputs.map(asTensor)
    expect((trainer.model as Model).inputNames).toEqual(["alpha", "zeta"])
    expect(trainer.trainOnBatch({ zeta, alpha }, asTensor(targets[0]!)).loss).toBeCloseTo(losses[0]!, 5)
    const named = await loadModel(path("keras3_named_outputs.keras"))
    expect(named.outputNames).toEqual(["aux", "main"])
    expect(Object.keys(named.getConfig().output_layers as object)).toEqual(["aux", "main"])
  })

  it("refuses a legacy Nadam by name", async () => {
    expect(await loadModel(path("legacy_nadam.h5"))).toBeInstanceOf(Model)
    await expect(loadTrainer(path("legacy_nadam.h5"))).rejects.toThrow(/optimizer: .*legacy Nadam/)
  })
})

describe("hard_sigmoid, which is another function in Keras 2", () => {
  it("is not written for the other Keras", async () => {
    const old = await loadModel(path("keras2_activations.h5"))
    await expect(modelToBytes(old)).rejects.toThrow(/"activation_\d+": Keras 2 and 3 mean different functions/)
    expect(config(await modelToBytes(old, { format: "h5", keras: 2 }).then(asArchive))).toContain('"hard_sigmoid"')
    const now = new Sequential([new Dense(2, { inputShape: [3], activation: "hard_sigmoid" })])
    await expect(modelToBytes(now, { format: "h5", keras: 2 })).rejects.toThrow(FormatError)
    expect(config(await modelToBytes(now))).toContain('"activation":"hard_sigmoid"')
    expect(toOnnx(old).length).toBeGreaterThan(0)
  })

  /** A whole `.h5` as an archive, for `config` to read. */
  async function asArchive(bytes: Uint8Array): Promise<Uint8Array> {
    const { attributes } = await readHdf5(bytes, { trusted: true })
    return writeZip(new Map([["config.json", text(String(attributes.get("model_config")))]]))
  }
})

describe("what Keras insists on", () => {
  const net = () => new Sequential([new Dense(2, { inputShape: [3] }), new Dense(1)], { seed: 1 })
  const compiledJson = async (trainer: Trainer) => config(await trainerToBytes(trainer))

  it("finds floats where it wants floats, and counts where it wants counts", async () => {
    const json = await compiledJson(compile(net(), { loss: "mse", optimizer: new SGD({ learningRate: 1 }) }))
    expect(json).toContain('"learning_rate":1.0,')
    expect(json).toContain('"momentum":0.0,')
    const learningRate = new CosineDecay({ initialLearningRate: 0, decaySteps: 10, warmupTarget: 1, warmupSteps: 3 })
    const scheduled = await compiledJson(compile(net(), { loss: "mse", optimizer: new Adam({ learningRate }) }))
    expect(scheduled).toContain('"decay_steps":10,')
    expect(scheduled).toContain('"initial_learning_rate":0.0,')
  })

  it("finds losses under their full names, and every class with its module", async () => {
    const x = input({ shape: [3] })
    const [a, b] = ["a", "b"].map(name => new Dense(1, { name }).apply(x)) as [typeof x, typeof x]
    const model = new Model({ inputs: x, outputs: [a, b] })
    const trainer = compile(model, { loss: { a: new Huber() }, metrics: { a: ["mae", "rmse"] } })
    const { compile_config } = JSON.parse(await compiledJson(trainer))
    expect(compile_config.loss).toEqual({ a: expect.objectContaining({ module: "keras.losses" }), b: null })
    const rmse = { module: "keras.metrics", class_name: "RootMeanSquaredError", config: { name: "rmse" } }
    expect(compile_config.metrics.a).toEqual(["mae", expect.objectContaining(rmse)])
    expect(await compiledJson(compile(net(), { loss: "mse" }))).toContain('"loss":"mean_squared_error"')
    const again = await loadTrainer(await trainerToBytes(trainer))
    expect(JSON.parse(await compiledJson(again)).compile_config.loss.a.module).toBe("keras.losses")
  })

  it("is told for which shape an activation that is a layer was built", async () => {
    const { layers } = JSON.parse(
      config(await modelToBytes(await loadModel(path("keras3_activation_layers.keras")))),
    ).config
    const own = layers.map((layer: { config: { activation?: { build_config?: object } } }) => layer.config.activation)
    const built = own.flatMap((activation?: { build_config?: object }) => activation?.build_config ?? [])
    expect(built).toEqual([{ input_shape: [null, 6] }, { input_shape: [null, 6] }])
  })

  it("counts the uses of a model inside another from 0 in Keras 3, from 1 in Keras 2", async () => {
    const model = await loadModel(path("keras3_nested.keras"))
    const uses = (json: string) => [...json.matchAll(/\["fun",(\d),0/g)].map(([, node]) => node)
    expect(uses(config(await modelToBytes(model)))).toEqual(["0"])
    const tree = await readHdf5(await modelToBytes(model, { format: "h5", keras: 2 }), { trusted: true })
    expect(uses(String(tree.attributes.get("model_config")))).toEqual(["1"])
  })

  it("is told what Keras 2 cannot go on with", async () => {
    const trainer = compile(net(), { loss: "mse", optimizer: new Adam({ gradientAccumulationSteps: 2 }) })
    const bytes = trainerToBytes(trainer, { format: "h5", keras: 2 })
    await expect(bytes).rejects.toThrow(/Keras 2 cannot go on with gradient_accumulation_steps/)
  })
})

describe("more hostile files", () => {
  const good = () => new Map(readZip(new Uint8Array(readFileSync(path("uncompiled.keras")))))
  const open = (members: Map<string, Uint8Array>) => loadModel(new File([writeZip(members)], "bad.keras"))

  it("counts layers before it builds them", async () => {
    const root = JSON.parse(new TextDecoder().decode(good().get("config.json")))
    const layer = (_: unknown, i: number) => ({ class_name: "Flatten", config: { name: `f${i}` } })
    root.config.layers = Array.from({ length: 10_001 }, layer)
    await expect(open(good().set("config.json", text(JSON.stringify(root))))).rejects.toThrow(/at most 10000 in all/)
  })

  it("does not follow one group through many names", async () => {
    const tree = await readHdf5(good().get("model.weights.h5")!, { trusted: true })
    const loaded = await open(good().set("model.weights.h5", await writeHdf5(tree)))
    expect(loaded.layers.length).toBe(2)
    const laughs = new Uint8Array(readFileSync(new URL("data/laughs.h5", import.meta.url)))
    await expect(open(good().set("model.weights.h5", laughs))).rejects.toThrow(/groups: expected at most \d+ objects/)
  })

  it("takes no class for one because every object has it", async () => {
    for (const name of ["constructor", "toString", "hasOwnProperty"]) {
      const root = JSON.parse(new TextDecoder().decode(good().get("config.json")))
      root.config.layers[1].config[name] = 1
      await expect(open(good().set("config.json", text(JSON.stringify(root))))).rejects.toThrow(`"${name}"`)
    }
  })
})
