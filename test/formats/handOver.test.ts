import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { mean, stream, sub, type Tensor } from "@selvedge/core"
import { handOver, loadTrainer, readNpy, readNpz, saveTrainer, takeBack } from "@selvedge/formats"
import { Dense, Sequential } from "@selvedge/layers"
import { Adam, bytesDataset, compile, type Dataset } from "@selvedge/trainer"
import { afterAll, describe, expect, it } from "vitest"

/** What `handOver` writes. That Keras continues from it is shown in `test/keras/handOver.test.ts`. */
const root = mkdtempSync(join(tmpdir(), "selvedge-hand-over-"))
afterAll(() => rmSync(root, { recursive: true }))
let count = 0
const newFolder = () => join(root, String(count++))
const json = (folder: string, file = "manifest.json") => JSON.parse(readFileSync(join(folder, file), "utf8"))

const x = { data: Float32Array.from({ length: 30 }, (_, i) => i / 10), shape: [10, 3] }
const y = Float32Array.from({ length: 10 }, (_, i) => i % 2)

function newTrainer(seed = 5) {
  const model = new Sequential([new Dense(2, { inputShape: [3] }), new Dense(1)], { seed })
  return compile(model, { loss: "mse", optimizer: new Adam(), seed })
}

const fitOptions = { epochs: 2, batchSize: 4, verbose: 0 } as const

describe("handOver", () => {
  it("writes model, state, manifest, shards, orders and program", async () => {
    const folder = newFolder()
    const trainer = newTrainer()
    const { history } = await trainer.fit(x, y, fitOptions)
    await handOver(trainer, folder, { data: { x, y }, epochs: 5, shardSize: 4 })
    const manifest = json(folder)
    expect(manifest).toMatchObject({
      epoch: 2,
      batch: 0,
      epochs: 5,
      batchSize: 4,
      steps: 3,
      step: 6,
      seed: 5,
      begun: null,
    })
    expect(manifest.history).toEqual({ epoch: [0, 1], history })
    expect(manifest.training).toMatchObject({ loss: "mean_squared_error", optimizer: { class_name: "Adam" } })
    expect(Object.keys(manifest.passes)).toEqual(["2", "3", "4"])
    const { shards } = manifest.passes[2].examples
    expect(shards).toHaveLength(3)
    const arrays = shards.map((shard: string) => readNpz(readFileSync(join(folder, shard))))
    expect(arrays.flatMap(([part]: { data: Float32Array }[]) => [...part!.data])).toEqual([...x.data])
    expect(arrays[2].map((part: { name: string; shape: number[] }) => [part.name, part.shape])).toEqual([
      ["x0", [2, 3]],
      ["y0", [2]],
    ])
    // The order is the trainer's own.
    const order = readNpy(readFileSync(join(folder, manifest.passes[3].order)))
    expect(order.data).toEqual(stream(5, "shuffle", "", 3).permutation(10))
    const loaded = await loadTrainer(join(folder, "model.keras"))
    expect(loaded.step).toBe(6)
    expect(readFileSync(join(folder, "continue.py"), "utf8")).toContain("Epochs 3 to 5; 10 examples, 3 batches of 4")
  })

  it("carries the begun epoch's means, batches and weights of examples", async () => {
    const folder = newFolder()
    const trainer = newTrainer()
    const stop = new AbortController()
    const callbacks = [{ onTrainBatchEnd: () => (trainer.step === 4 ? stop.abort() : undefined) }]
    await trainer.fit(x, y, { ...fitOptions, callbacks, signal: stop.signal })
    await handOver(trainer, folder, { data: { x, y, sampleWeight: y }, shuffle: false })
    const manifest = json(folder)
    expect(manifest).toMatchObject({ epoch: 1, batch: 1, epochs: 2, begun: { examples: 4 } })
    expect(manifest.begun.means.loss).toBeGreaterThan(0)
    expect(manifest.passes[1].order).toBeNull()
    const [, , weights] = readNpz(readFileSync(join(folder, manifest.passes[1].examples.shards[0])))
    expect([weights?.name, weights?.data]).toEqual(["w0", y])
  })

  it("reads a dataset shard by shard, and each pass anew when its examples change", async () => {
    const asked: [number, number][] = []
    const dataset: Dataset = {
      length: 10,
      batch(indices, epoch) {
        asked.push([epoch, indices.length])
        return {
          x: { data: new Float32Array(indices.length * 3), shape: [indices.length, 3] },
          y: y.slice(0, indices.length),
        }
      },
    }
    await handOver(newTrainer(), newFolder(), { data: dataset, epochs: 2, shardSize: 4 })
    expect(asked.splice(0)).toEqual([
      [0, 4],
      [0, 4],
      [0, 2],
    ])
    await handOver(newTrainer(), newFolder(), { data: dataset, epochs: 2, shardSize: 6, examplesByEpoch: true })
    expect(asked).toEqual([
      [0, 6],
      [0, 4],
      [1, 6],
      [1, 4],
    ])
  })

  it("decodes bytes as the trainer does", async () => {
    const images = Uint8Array.from({ length: 12 }, (_, i) => 20 * i)
    const folder = newFolder()
    await handOver(newTrainer(), folder, { data: bytesDataset({ images, labels: [0, 1, 0, 1], shape: [3] }) })
    const [pixels, labels] = readNpz(readFileSync(join(folder, "training/examples-00000.npz")))
    expect(pixels?.data).toEqual(Float32Array.from(images, byte => byte / 255))
    expect(labels?.data).toEqual(Float32Array.of(0, 1, 0, 1))
  })

  it("refuses what cannot go on", async () => {
    const trainer = newTrainer()
    const given = { data: { x, y } }
    const wrong = { ...given, epoch: 3 }
    await expect(handOver(trainer, newFolder(), wrong)).rejects.toThrow(
      'unknown option "epoch", did you mean "epochs"?',
    )
    await trainer.fit(x, y, fitOptions)
    await expect(handOver(trainer, newFolder(), given)).rejects.toThrow("nothing is left to do: 2 of 2 epochs are done")
    const data = { x, y: y.slice(1) }
    await expect(handOver(trainer, newFolder(), { data, epochs: 3 })).rejects.toThrow(
      "x has 10 examples, another part 9",
    )
    const own = (yTrue: Tensor, yPred: Tensor) => mean(sub(yPred, yTrue))
    const odd = compile(newTrainer().model, { loss: own })
    const folder = newFolder()
    await expect(handOver(odd, folder, given)).rejects.toThrow("Keras cannot find the function own")
    expect(existsSync(join(folder, "manifest.json"))).toBe(false)
  })
})

describe("takeBack", () => {
  const history = { epoch: [0, 1, 2], history: { loss: [3, 2, 1] } }

  async function finished(text = JSON.stringify({ epoch: 3, seed: 5, history })) {
    const folder = newFolder()
    mkdirSync(folder)
    const trainer = newTrainer()
    await trainer.fit(x, y, fitOptions)
    await saveTrainer(trainer, join(folder, "result.keras"))
    writeFileSync(join(folder, "history.json"), text)
    return { folder, trainer }
  }

  it("gives a trainer whose next fit goes on", async () => {
    const { folder, trainer } = await finished()
    const back = await takeBack(folder)
    expect([back.step, back.seed, back.position]).toEqual([6, 5, { epoch: 3, batch: 0 }])
    expect(back.model.weights.map(w => w.toArray())).toEqual(trainer.model.weights.map(w => w.toArray()))
    const all = await back.fit(x, y, { ...fitOptions, epochs: 5 })
    expect(all.epoch).toEqual([0, 1, 2, 3, 4])
    expect(all.history.loss?.slice(0, 3)).toEqual([3, 2, 1])
  })

  it("refuses a run that has not ended, and a damaged history", async () => {
    const folder = newFolder()
    const trainer = newTrainer()
    await handOver(trainer, folder, { data: { x, y } })
    await expect(takeBack(folder)).rejects.toThrow("to its end first")
    for (const text of [
      "",
      "{}",
      '{"epoch":-1,"seed":5}',
      '{"epoch":3,"seed":5,"history":{"epoch":[0],"history":{"loss":["x"]}}}',
    ]) {
      await expect(takeBack((await finished(text)).folder)).rejects.toThrow(
        expect.objectContaining({ code: "ERR_FORMAT" }),
      )
    }
  })

  it("is not misled by what an earlier run left", async () => {
    const { folder } = await finished()
    await handOver(newTrainer(), folder, { data: { x, y } })
    expect(readdirSync(folder).sort()).toEqual([
      "continue.py",
      "manifest.json",
      "model.keras",
      "training",
      "validation",
    ])
  })
})
