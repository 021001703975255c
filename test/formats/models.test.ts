import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FormatError, OptionError, setSeed } from "@selvedge/core"
import {
  loadModel,
  loadTrainer,
  loadWeights,
  modelToBytes,
  saveModel,
  saveTrainer,
  saveWeights,
  trainerToBytes,
} from "@selvedge/formats"
import { Dense, Sequential } from "@selvedge/layers"
import { afterAll, describe, expect, it } from "vitest"
import {
  asInput,
  asTensor,
  expectModel,
  fileBytes,
  filePath,
  fixtures,
  type ModelFixture,
  numbers,
} from "./kerasFixtures.ts"

const folder = mkdtempSync(join(tmpdir(), "selvedge-"))
afterAll(() => rmSync(folder, { recursive: true }))

const wholeFiles = fixtures.flatMap(fixture =>
  Object.entries(fixture.files)
    .filter(([kind]) => kind === "keras" || kind === "h5")
    .map(([, file]) => [file, fixture] as const),
)
const weightFiles = fixtures.flatMap(fixture =>
  Object.entries(fixture.files)
    .filter(([kind]) => kind.endsWith("weights_h5"))
    .map(([, file]) => [file, fixture] as const),
)

/** Five more training steps from where the file was saved. */
function expectLosses(trainer: Awaited<ReturnType<typeof loadTrainer>>, fixture: ModelFixture): void {
  const { batches, losses } = fixture.continue!
  batches.forEach(({ x, y }, i) => {
    const { loss } = trainer.trainOnBatch(asInput(x), asTensor(y))
    expect(Math.abs(loss - losses[i]) / losses[i], `step ${i}`).toBeLessThanOrEqual(fixture.tolerance.losses_relative)
  })
}

describe("loadModel", () => {
  it.each(wholeFiles)("%s", async (file, fixture) => {
    expectModel(await loadModel(filePath(file)), fixture)
  })

  it("takes bytes, a Blob and a File, and leaves the bytes alone", async () => {
    const bytes = fileBytes("keras3_bn.keras")
    for (const source of [bytes, bytes.slice().buffer, new Blob([bytes]), new File([bytes], "m.keras")]) {
      expectModel(await loadModel(source), fixtures.find(f => f.name === "keras3_bn")!)
    }
    expect(bytes).toEqual(fileBytes("keras3_bn.keras"))
  })

  it("draws no random number", async () => {
    setSeed(5)
    const make = () => new Sequential([new Dense(2, { inputShape: [3] })]).getWeights()
    const want = make()
    setSeed(5)
    await loadModel(filePath("keras3_bn.keras"))
    expect(make()).toEqual(want)
  })
})

describe("loadTrainer", () => {
  const continued = wholeFiles.filter(([, fixture]) => fixture.continue)
  it.each(continued)("%s goes on with Keras's losses", async (file, fixture) => {
    const trainer = await loadTrainer(filePath(file))
    expectLosses(trainer, fixture)
  })

  it("refuses a file without a compile configuration", async () => {
    const model = await loadModel(filePath("keras3_bn.keras"))
    await expect(loadTrainer(await modelToBytes(model))).rejects.toThrow(/compile configuration/)
  })
})

describe("loadWeights", () => {
  it.each(weightFiles)("%s", async (file, fixture) => {
    const model = await loadModel(filePath(fixture.files.h5))
    model.setWeights(model.getWeights().map(w => w.fill(0.5)))
    await loadWeights(model, filePath(file))
    expectModel(model, fixture)
  })

  it("gives a trainer the optimizer's state, too", async () => {
    for (const fixture of fixtures.filter(f => f.continue && f.name.startsWith("keras3"))) {
      const trainer = await loadTrainer(filePath(fixture.files.h5))
      trainer.model.setWeights(trainer.model.getWeights().map(w => w.fill(0.5)))
      trainer.optimizer.setVariables(trainer.optimizer.variables.map(v => new Float32Array(v.size)))
      await loadWeights(trainer, filePath(fixture.files.weights_h5))
      expectLosses(trainer, fixture)
    }
  })

  it("matches by name, and leaves other layers alone", async () => {
    for (const [file, name] of [
      ["keras3_leaky_adam.weights.h5", "dense_2"],
      ["keras3_leaky_adam.h5", "dense_2"],
    ] as const) {
      // prettier-ignore
      const fixture = fixtures.find(f => f.name === "keras3_leaky_adam")!
      const other = new Dense(3, { name: "other" })
      const model = new Sequential([new Dense(8, { name, inputShape: [10] }), other])
      const before = other.getWeights()
      await loadWeights(model, filePath(file), { byName: true })
      const index = fixture.weights.findIndex(w => w.name.includes(`/${name}/kernel`))
      expect(model.layers[0].getWeights()[0]).toEqual(numbers(fixture.weights[index]))
      expect(other.getWeights()).toEqual(before)
    }
  })

  it("refuses a mismatch whole, or skips it when told to", async () => {
    for (const file of ["bad/good.keras", "bad/good.h5"]) {
      const make = () => new Sequential([new Dense(4, { inputShape: [6] }), new Dense(7)])
      const source = await loadModel(filePath(file))
      const model = make()
      const before = model.getWeights()
      await expect(loadWeights(model, filePath(file)), file).rejects.toBeInstanceOf(FormatError)
      expect(model.getWeights(), "nothing was changed").toEqual(before)
      await loadWeights(model, filePath(file), { skipMismatch: true })
      const fits = source.weights.map((w, i) => w.shape.join() === model.weights[i].shape.join())
      model.getWeights().forEach((w, i) => {
        expect(w).toEqual(fits[i] ? source.getWeights()[i] : before[i])
      })
    }
  })
})

describe("a weight's array", () => {
  const path = filePath("keras3_bn.keras")

  it("that somebody holds is written to, not replaced", async () => {
    const model = await loadModel(path)
    const want = model.getWeights()
    const held = model.weights.map(weight => weight.data.fill(7))
    await loadWeights(model, path)
    expect(held).toEqual(want)
    expect(model.weights.map(weight => weight.data)).toEqual(held)
    model.weights.forEach((weight, i) => {
      expect(weight.data).toBe(held[i])
    })
  })

  it("is no other model's, though both were loaded from the same bytes", async () => {
    const bytes = fileBytes("keras3_bn.keras")
    for (const trusted of [false, true]) {
      const [one, other] = [await loadModel(bytes, { trusted }), await loadModel(bytes, { trusted })]
      for (const weight of one.weights) weight.data.fill(0)
      expectModel(other, fixtures.find(f => f.name === "keras3_bn")!)
    }
  })

  it("that a session mirrors is written to: a trained model is as it was saved", async () => {
    const fixture = fixtures.find(f => f.continue)!
    const trainer = await loadTrainer(filePath(fixture.files.h5))
    expectLosses(trainer, fixture)
    const weights = join(folder, "mirrored.weights.h5")
    await saveWeights(trainer, weights)
    const [x, y] = [asInput(fixture.continue!.batches[0].x), asTensor(fixture.continue!.batches[0].y)]
    const { loss } = trainer.testOnBatch(x, y)
    trainer.trainOnBatch(x, y)
    expect(trainer.testOnBatch(x, y).loss).not.toBe(loss)
    await loadWeights(trainer, weights)
    expect(trainer.testOnBatch(x, y).loss).toBe(loss)
  })
})

describe("saving", () => {
  const both = fixtures.map(fixture => [fixture.name, fixture] as const)
  it.each(both)("%s comes back from every format", async (name, fixture) => {
    const model = await loadModel(filePath(fixture.files.h5))
    for (const ending of ["keras", "h5"] as const) {
      const path = join(folder, `${name}.${ending}`)
      await saveModel(model, path)
      expectModel(await loadModel(path), fixture)
    }
    expectModel(await loadModel(await modelToBytes(model, { format: "h5", keras: 2 })), fixture)
    const weights = join(folder, `${name}.weights.h5`)
    await saveWeights(model, weights)
    const empty = await loadModel(filePath(fixture.files.h5))
    empty.setWeights(empty.getWeights().map(w => w.fill(0)))
    await loadWeights(empty, weights)
    expectModel(empty, fixture)
  })

  it.each(both.filter(([, f]) => f.continue))(
    "%s goes on with Keras's losses after being saved here",
    async (name, fixture) => {
      const trainer = await loadTrainer(filePath(fixture.files.h5))
      const path = join(folder, `${name}_trainer.keras`)
      await saveTrainer(trainer, path)
      expectLosses(await loadTrainer(path), fixture)
      expectLosses(await loadTrainer(await trainerToBytes(trainer, { format: "h5" })), fixture)
    },
  )

  it("refuses other endings, and a model without weights", async () => {
    const model = new Sequential([new Dense(2)])
    await expect(saveModel(model, join(folder, "m.bin"))).rejects.toBeInstanceOf(OptionError)
    await expect(saveModel(model, join(folder, "m.keras"))).rejects.toThrow(/no weights yet/)
    await expect(saveWeights(model, join(folder, "m.keras"))).rejects.toThrow(/weights\.h5/)
  })
})
