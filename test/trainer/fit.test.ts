import { NonFiniteError, OptionError, tensor } from "@selvedge/core"
import { BatchNormalization, Dense, Dropout, input, MaxNorm, Model, Sequential } from "@selvedge/layers"
import {
  Adam,
  bytesDataset,
  compile,
  type Dataset,
  LossMetric,
  Progress,
  SGD,
  TerminateOnNaN,
  type Trainer,
} from "@selvedge/trainer"
import { describe, expect, it } from "vitest"
import { blobs, classifier, smallModel } from "./small.ts"

const quiet = { verbose: 0 } as const
const { x, y } = blobs(90)
const weightsOf = (trainer: Trainer) => trainer.model.getWeights().map(w => [...w])

describe("fit", () => {
  it("lets timers have their turn also when every epoch is short", async () => {
    const trainer = classifier()
    setTimeout(() => {
      trainer.stopTraining = true
    }, 20)
    const { epoch } = await trainer.fit(x, y, { ...quiet, epochs: 100_000 })
    expect(epoch.length).toBeLessThan(100_000)
  })

  it("learns, and reports Keras's names", async () => {
    const trainer = classifier({ optimizer: new Adam({ learningRate: 0.02 }) })
    const { history, epoch, params } = await trainer.fit(x, y, { ...quiet, epochs: 15, validationSplit: 0.2 })
    expect(Object.keys(history)).toEqual(["loss", "accuracy", "val_loss", "val_accuracy"])
    expect(epoch.length).toBe(15)
    expect(params).toEqual({ epochs: 15, steps: 3, batchSize: 32, verbose: 0 })
    expect(history.accuracy.at(-1)).toBeGreaterThan(0.95)
    expect(history.val_accuracy.at(-1)).toBeGreaterThan(0.9)
  })

  it("gives the same bits twice with a seed, and others with another", async () => {
    const run = async (seed: number) => {
      const layers = [
        new Dense(8, { activation: "relu", inputShape: [2] }),
        new Dropout(0.5),
        new Dense(3, { activation: "softmax" }),
      ]
      const trainer = classifier({ seed, optimizer: "nadam" }, layers)
      const { history } = await trainer.fit(x, y, { ...quiet, epochs: 3 })
      return { history, weights: weightsOf(trainer) }
    }
    expect(await run(0)).toEqual(await run(0))
    expect((await run(0)).weights).not.toEqual((await run(1)).weights)
  })

  it("weights a partial last batch by its size, in the loss and in metrics", async () => {
    const options = { optimizer: new SGD({ learningRate: 0 }), metrics: ["accuracy", "mse"] as const }
    const ten = { data: x.data.subarray(0, 20), shape: [10, 2] }
    const oneHot = Array.from(y.subarray(0, 10), label => [0, 1, 2].map(k => Number(k === label)))
    const categorical = { ...options, loss: "categorical_crossentropy" } as const
    const whole = await classifier(categorical).fit(ten, oneHot, { ...quiet, batchSize: 10 })
    const parts = await classifier(categorical).fit(ten, oneHot, { ...quiet, batchSize: 4 })
    expect(parts.params.steps).toBe(3)
    for (const name of ["loss", "accuracy", "mse"]) {
      expect(parts.history[name][0]).toBeCloseTo(whole.history[name][0], 6)
    }
  })

  it("evaluates as it validates, and predicts what it evaluates", async () => {
    const trainer = classifier()
    const { history } = await trainer.fit(x, y, { ...quiet, epochs: 2, validationData: [x, y] })
    const logs = await trainer.evaluate(x, y, { batchSize: 32 })
    expect(logs.loss).toBe(history.val_loss.at(-1))
    expect(logs.accuracy).toBe(history.val_accuracy.at(-1))
    const predictions = await trainer.predict(x, { batchSize: 7 })
    if (Array.isArray(predictions)) throw new Error("one output expected")
    expect(predictions.shape).toEqual([90, 3])
    const hits = [...y].filter((label, i) => {
      const row = [...predictions.data.subarray(3 * i, 3 * i + 3)]
      return row.indexOf(Math.max(...row)) === label
    })
    expect(hits.length / 90).toBeCloseTo(logs.accuracy, 12)
  })

  it("trains on single batches", () => {
    const trainer = classifier()
    const before = trainer.testOnBatch(x, y)
    const first = trainer.trainOnBatch(x, y)
    expect(first.loss).toBeCloseTo(before.loss, 6)
    expect(Object.keys(first)).toEqual(["loss", "accuracy"])
    expect(trainer.testOnBatch(x, y).loss).toBeLessThan(before.loss)
    expect(trainer.step).toBe(1)
    const out = trainer.predictOnBatch(x)
    expect(Array.isArray(out) ? null : out.shape).toEqual([90, 3])
  })

  it("adds penalties to loss and val_loss, applies constraints, moves statistics once a step", async () => {
    const kernel = { kernelRegularizer: "l2", kernelConstraint: new MaxNorm({ maxValue: 0.1 }) } as const
    const normalization = new BatchNormalization()
    const layers = [
      new Dense(4, { ...kernel, inputShape: [2] }),
      normalization,
      new Dense(3, { activation: "softmax" }),
    ]
    const trainer = classifier({ optimizer: new SGD({ learningRate: 0 }) }, layers)
    const weight = trainer.model.weights[0].data
    const { history } = await trainer.fit(x, y, { ...quiet, validationData: [x, y], batchSize: 90 })
    const columns = [0, 1, 2, 3].map(j => Math.hypot(weight[j], weight[4 + j]))
    expect(Math.max(...columns)).toBeLessThanOrEqual(0.1)
    const penalty = 0.01 * [...weight].reduce((sum, w) => sum + w * w, 0)
    const bare = classifier({ optimizer: new SGD({ learningRate: 0 }) }, [
      new Dense(4, { inputShape: [2] }),
      new BatchNormalization(),
      new Dense(3, { activation: "softmax" }),
    ])
    bare.model.setWeights(trainer.model.getWeights())
    expect(history.val_loss[0] - (await bare.evaluate(x, y)).loss).toBeCloseTo(penalty, 5)
    const momentum = normalization.weights.find(w => w.key === "moving_variance")?.data ?? []
    expect(momentum[0]).not.toBe(1)
    expect(momentum[0]).toBeGreaterThan(0.98)
  })

  it("uses sample weights and class weights in the loss, not in plain metrics", async () => {
    const options = {
      optimizer: new SGD({ learningRate: 0 }),
      weightedMetrics: ["accuracy"] as const,
      metrics: ["acc"] as const,
    }
    const unweighted = classifier(options)
    const each = unweighted.predictOnBatch(x)
    if (Array.isArray(each)) throw new Error("one output expected")
    const losses = [...y].map((label, i) => -Math.log(each.data[3 * i + label]))
    const weights = losses.map((_, i) => i % 4)
    const mean = (list: number[]) => list.reduce((sum, value) => sum + value, 0) / list.length
    const weighted = await classifier(options).fit(x, y, { ...quiet, sampleWeight: weights })
    expect(weighted.history.loss[0]).toBeCloseTo(mean(losses.map((loss, i) => loss * weights[i])), 4)
    expect(weighted.history.acc[0]).toBe(unweighted.testOnBatch(x, y).acc)
    expect(weighted.history.accuracy[0]).not.toBe(weighted.history.acc[0])
    const byClass = await classifier(options).fit(x, y, { ...quiet, classWeight: { 0: 2, 2: 0.5 } })
    const factors = [2, 1, 0.5]
    expect(byClass.history.loss[0]).toBeCloseTo(mean(losses.map((loss, i) => loss * factors[y[i]])), 4)
  })

  it("trains a model with two inputs and two outputs by name", async () => {
    const a = input({ shape: [2], name: "a" })
    const b = input({ shape: [2], name: "b" })
    const first = new Dense(3, { activation: "softmax", name: "kind" }).apply(a)
    const second = new Dense(1, { name: "size" }).apply(b)
    const model = new Model({ inputs: [a, b], outputs: [first, second], seed: 1 })
    const trainer = compile(model, {
      loss: { kind: "sparse_categorical_crossentropy", size: "mse" },
      lossWeights: { size: 0.5 },
      metrics: { kind: ["accuracy"] },
      optimizer: "sgd",
    })
    const { history } = await trainer.fit({ a: x, b: x }, [y, y], { ...quiet, epochs: 2 })
    expect(Object.keys(history).sort()).toEqual(["kind_accuracy", "kind_loss", "loss", "size_loss"])
    expect(history.loss[0]).toBeCloseTo(history.kind_loss[0] + 0.5 * history.size_loss[0], 5)
    const outputs = await trainer.predict([x, x])
    expect(Array.isArray(outputs) && outputs.map(o => o.shape)).toEqual([
      [90, 3],
      [90, 1],
    ])
  })

  it("gives weights unfrozen in the middle of a run their slots then", async () => {
    const trainer = classifier({ optimizer: "adam" })
    const [first] = (trainer.model as Sequential).layers
    first.trainable = false
    const before = [...first.weights[0].data]
    const unfreeze = {
      onEpochEnd: (epoch: number) => {
        if (epoch === 1) first.trainable = true
      },
    }
    let after: number[] = []
    const look = {
      onEpochBegin: (epoch: number) => {
        if (epoch === 2) after = [...first.weights[0].data]
      },
    }
    await trainer.fit(x, y, { ...quiet, epochs: 4, callbacks: [unfreeze, look] })
    expect(after).toEqual(before)
    expect([...first.weights[0].data]).not.toEqual(before)
    expect(trainer.optimizer.weights.length).toBe(4)
  })

  it("leaves a frozen model alone", async () => {
    const trainer = classifier()
    trainer.model.trainable = false
    const before = weightsOf(trainer)
    await trainer.fit(x, y, quiet)
    expect(weightsOf(trainer)).toEqual(before)
  })

  it("stops after the current step when aborted, keeping what was learned and the History so far", async () => {
    const trainer = classifier()
    const controller = new AbortController()
    const abort = {
      onTrainBatchEnd: (batch: number) => void (trainer.position.epoch === 2 && batch === 1 && controller.abort()),
    }
    const { history } = await trainer.fit(x, y, { ...quiet, epochs: 9, signal: controller.signal, callbacks: [abort] })
    expect(history.loss.length).toBe(2)
    expect(trainer.step).toBe(8)
  })

  it("pauses and goes on", async () => {
    const trainer = classifier()
    const seen: number[] = []
    const pause = {
      onTrainBatchEnd: (batch: number) => {
        seen.push(batch)
        if (seen.length === 2) trainer.pause()
      },
    }
    const run = trainer.fit(x, y, { ...quiet, callbacks: [pause] })
    await new Promise(resolve => setTimeout(resolve, 30))
    expect(seen).toEqual([0, 1])
    trainer.unpause()
    await run
    expect(seen).toEqual([0, 1, 2])
    const controller = new AbortController()
    trainer.pause()
    const held = trainer.fit(x, y, { ...quiet, epochs: 9, signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    expect((await held).epoch).toEqual([])
    trainer.unpause()
  })

  it("refuses a second fit of the same weights at the same time", async () => {
    const trainer = classifier()
    const other = compile(trainer.model, { loss: "sparse_categorical_crossentropy", optimizer: "sgd" })
    const run = trainer.fit(x, y, { ...quiet, epochs: 2 })
    await expect(other.fit(x, y, quiet)).rejects.toThrow(/another fit is training the weight/)
    await run
    await other.fit(x, y, quiet)
  })

  it("of two models at the same time gives each what it gives alone", async () => {
    const make = (seed: number) =>
      classifier({ seed, optimizer: "nadam" }, [
        new Dense(8, { activation: "relu", inputShape: [2] }),
        new BatchNormalization(),
        new Dropout(0.5),
        new Dense(3, { activation: "softmax" }),
      ])
    const options = { ...quiet, epochs: 3, batchSize: 8, validationSplit: 0.2 }
    const alone = [make(1), make(2)]
    for (const trainer of alone) await trainer.fit(x, y, options)
    const together = [make(1), make(2)]
    const wait = { onTrainBatchEnd: () => new Promise<void>(resolve => setTimeout(resolve, 0)) }
    await Promise.all(together.map(trainer => trainer.fit(x, y, { ...options, callbacks: [wait] })))
    expect(together.map(weightsOf)).toEqual(alone.map(weightsOf))
  })

  it("names epoch, batch, layer and op of a loss that is not finite, and changes nothing", async () => {
    const trainer = classifier({ optimizer: "sgd" })
    const [layer] = (trainer.model as Sequential).layers
    layer.weights[0].data[0] = Number.NaN
    const before = weightsOf(trainer)
    const failure = await trainer.fit(x, y, { ...quiet, shuffle: false }).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(NonFiniteError)
    expect(String(failure)).toMatch(/the loss is NaN in epoch 1, batch 1/)
    expect(String(failure)).toMatch(new RegExp(`first in +the weight "${layer.name}/kernel" itself`))
    expect(String(failure)).toMatch(/examples +0 to 31 of the epoch/)
    expect(weightsOf(trainer)).toEqual(before)
    expect(trainer.step).toBe(0)
    const huge = { data: x.data.map(value => value * 1e30), shape: x.shape }
    const exploding = classifier({ optimizer: "sgd" }, [
      new Dense(4, { activation: "exponential", inputShape: [2], name: "bomb" }),
      new Dense(3, { activation: "softmax" }),
    ])
    await expect(exploding.fit(huge, y, quiet)).rejects.toThrow(/first in +"\w+" of layer "bomb"/)
  })

  it("ends quietly at such a loss with TerminateOnNaN", async () => {
    const trainer = classifier({ optimizer: new SGD({ learningRate: 1e30 }) })
    const { history } = await trainer.fit(x, y, { ...quiet, epochs: 5, callbacks: [new TerminateOnNaN()] })
    expect(history.loss.length).toBeLessThan(5)
    expect(history.loss.at(-1)).toBeNaN()
  })

  it("goes through a Dataset, byte for byte as through arrays", async () => {
    const images = Uint8Array.from({ length: 50 * 4 }, (_, i) => (i * 37) % 256)
    const labels = Uint8Array.from({ length: 50 }, (_, i) => i % 3)
    const pixels = Float32Array.from(images, byte => byte / 255)
    const bytes = bytesDataset({ images, labels, shape: [2, 2] })
    expect([...(bytes.images.decode ?? [])]).toEqual(Array.from({ length: 256 }, (_, byte) => Math.fround(byte / 255)))
    const plain: Dataset = {
      length: 50,
      batch: indices => ({
        x: { data: [...indices].flatMap(i => [...pixels.subarray(4 * i, 4 * i + 4)]), shape: [indices.length, 2, 2] },
        y: [...indices].map(i => labels[i]),
      }),
    }
    const make = () => {
      const model = new Sequential([new Dense(3, { activation: "softmax", inputShape: [4] })], { seed: 3 })
      return compile(model, { loss: "sparse_categorical_crossentropy", optimizer: "sgd", metrics: ["acc"], seed: 2 })
    }
    const { Flatten } = await import("@selvedge/layers")
    const flat = () => {
      const model = new Sequential([new Flatten({ inputShape: [2, 2] }), new Dense(3, { activation: "softmax" })], {
        seed: 3,
      })
      return compile(model, { loss: "sparse_categorical_crossentropy", optimizer: "sgd", metrics: ["acc"], seed: 2 })
    }
    const trainers = [flat(), flat(), make()]
    const options = { ...quiet, epochs: 2, batchSize: 8 }
    const histories = [
      await trainers[0].fit(bytes, { ...options }),
      await trainers[1].fit(plain, { ...options }),
      await trainers[2].fit({ data: pixels, shape: [50, 4] }, labels, options),
    ]
    expect(histories[1].history).toEqual(histories[0].history)
    expect(weightsOf(trainers[1])).toEqual(weightsOf(trainers[0]))
    expect(histories[2].history.loss[0]).toBeCloseTo(histories[0].history.loss[0], 1)
    expect((await trainers[0].evaluate(bytes)).acc).toBe((await trainers[1].evaluate(plain)).acc)
  })

  it("goes through generators, and asks a function of the epoch anew", async () => {
    const asked: number[] = []
    const source = (epoch: number) => {
      asked.push(epoch)
      return (async function* () {
        for (let at = 0; at < 90; at += 30) {
          yield { x: { data: x.data.subarray(2 * at, 2 * at + 60), shape: [30, 2] }, y: y.subarray(at, at + 30) }
        }
      })()
    }
    const trainer = classifier()
    const { history } = await trainer.fit(source, { ...quiet, epochs: 2 })
    const arrays = classifier()
    const expected = await arrays.fit(x, y, { ...quiet, epochs: 2, batchSize: 30, shuffle: false })
    expect(asked).toEqual([0, 1])
    expect(history).toEqual(expected.history)
    expect(weightsOf(trainer)).toEqual(weightsOf(arrays))
    const oneShot = classifier()
    await oneShot.fit(source(0), { ...quiet, epochs: 1 })
    await expect(oneShot.checkpoint("never-written")).rejects.toThrow(/cannot be resumed/)
  })

  it("fails with the generator's own error", async () => {
    const broken = async function* () {
      yield { x: [[1, 2]], y: [0] }
      throw new Error("the disk is gone")
    }
    await expect(classifier().fit(broken(), quiet)).rejects.toThrow("the disk is gone")
  })

  it("shuffles each epoch in another order, the seed's, and not at all when told", async () => {
    const ordersOf = async (seed: number, shuffle: boolean) => {
      const orders: number[][] = []
      const data: Dataset = {
        length: 40,
        batch: indices => {
          if (indices.length === 40) orders.push([...indices])
          return {
            x: { data: x.data.subarray(0, 2 * indices.length), shape: [indices.length, 2] },
            y: y.subarray(0, indices.length),
          }
        },
      }
      await classifier({ seed }).fit(data, { ...quiet, epochs: 3, batchSize: 40, shuffle })
      return orders
    }
    const natural = Array.from({ length: 40 }, (_, i) => i)
    const [a, b, c] = await ordersOf(1, true)
    for (const order of [a, b, c]) expect([...order].sort((i, j) => i - j)).toEqual(natural)
    expect(new Set([a, b, c, natural].map(String)).size).toBe(4)
    expect(await ordersOf(1, true)).toEqual([a, b, c])
    expect((await ordersOf(2, true))[0]).not.toEqual(a)
    expect(await ordersOf(1, false)).toEqual([natural, natural, natural])
  })

  it("ends epochs after stepsPerEpoch and goes on through the data", async () => {
    const firsts: number[] = []
    const data: Dataset = {
      length: 90,
      batch: indices => {
        firsts.push(indices[0])
        return {
          x: { data: x.data.subarray(0, 2 * indices.length), shape: [indices.length, 2] },
          y: y.subarray(0, indices.length),
        }
      },
    }
    const trainer = classifier()
    firsts.length = 0
    await trainer.fit(data, { ...quiet, epochs: 3, stepsPerEpoch: 2, batchSize: 30, shuffle: false })
    expect(firsts.slice(-6)).toEqual([0, 30, 60, 0, 30, 60])
  })

  it("validates at the epochs asked for, and begins at initialEpoch", async () => {
    const trainer = classifier()
    const { history, epoch } = await trainer.fit(x, y, {
      ...quiet,
      epochs: 6,
      initialEpoch: 2,
      validationData: [x, y],
      validationFreq: 2,
    })
    expect(epoch).toEqual([2, 3, 4, 5])
    expect(history.val_loss.length).toBe(2)
  })

  it("takes tensors, nested arrays, typed arrays and ndarrays alike", async () => {
    const nested = Array.from({ length: 90 }, (_, i) => [x.data[2 * i], x.data[2 * i + 1]])
    const transposed = {
      data: Float32Array.from([0, 1].flatMap(j => nested.map(row => row[j]))),
      shape: [90, 2],
      stride: [1, 90],
      offset: 0,
    }
    const logs = [x, nested, tensor(x.data, [90, 2]), transposed].map(input => classifier().testOnBatch(input, y))
    for (const other of logs) expect(other).toEqual(logs[0])
  })

  it("uses a loss and a metric of the user's own", async () => {
    const { mean, square, sub } = await import("@selvedge/core")
    const model = () => new Sequential([new Dense(1, { inputShape: [2] })], { seed: 1 })
    const own = compile(model(), {
      loss: (t, p) => mean(square(sub(t, p)), { axis: -1 }),
      optimizer: "sgd",
      metrics: [(t, p) => mean(square(sub(t, p)), { axis: -1 }), new LossMetric("mae", { name: "off_by" })],
    })
    const keras = compile(model(), { loss: "mse", optimizer: "sgd", metrics: ["mse", "mae"] })
    const target = { data: y, shape: [90, 1] }
    const [a, b] = [await own.fit(x, target, quiet), await keras.fit(x, target, quiet)]
    expect(a.history.loss[0]).toBeCloseTo(b.history.loss[0], 6)
    expect(Object.values(a.history)[1][0]).toBeCloseTo(b.history.mse[0], 6)
    expect(a.history.off_by).toEqual(b.history.mae)
  })

  it("overwrites the weights with their averages when it ends, and not before", async () => {
    const trainer = classifier({ optimizer: new SGD({ learningRate: 0.5, useEma: true, emaMomentum: 0.5 }) })
    let last: number[][] = []
    const look = {
      onTrainBatchEnd: () => {
        last = weightsOf(trainer)
      },
    }
    await trainer.fit(x, y, { ...quiet, callbacks: [look] })
    expect(weightsOf(trainer)).not.toEqual(last)
    const averages = trainer.optimizer.variables.filter(v => v.name.endsWith("_average")).map(v => [...v.data])
    expect(weightsOf(trainer)).toEqual(averages)
  })
})

describe("progress", () => {
  const written = async (isTTY: boolean) => {
    let text = ""
    let time = 0
    const progress = new Progress({
      output: { isTTY, write: part => (text += part) },
      now: () => (time += 100),
    })
    const trainer = classifier({ optimizer: new SGD({ learningRate: 0 }) })
    await trainer.fit(x, y, { ...quiet, epochs: 2, callbacks: [progress], validationData: [x, y] })
    return text
  }

  it("is one line per epoch on a pipe", async () => {
    const lines = (await written(false)).trimEnd().split("\n")
    expect(lines.length).toBe(2)
    expect(lines[0]).toMatch(
      /^Epoch 1\/2 - 3\/3 - 0s - \d+ms\/step - loss: \d\.\d{4} - accuracy: \d\.\d{4} - val_loss: \d\.\d{4} - val_accuracy: \d\.\d{4}$/,
    )
  })

  it("is Keras's bar on a terminal", async () => {
    const text = await written(true)
    expect(text).toContain("Epoch 1/2\u001b[0m\n")
    expect(text).toContain(
      `\r\u001b[1m1/3\u001b[0m \u001b[32m${"━".repeat(6)}\u001b[0m\u001b[37m${"━".repeat(14)}\u001b[0m`,
    )
    const last = text.split("\r").at(-1) ?? ""
    expect(last.startsWith("\u001b[1m3/3\u001b[0m")).toBe(true)
    expect(last).toMatch(/val_accuracy: \d\.\d{4} *\n$/)
  })
})

describe("what cannot be trained on is refused before anything is changed", () => {
  const refuse = async (data: unknown, labels: unknown, message: RegExp | string, options = {}) => {
    const trainer = classifier()
    const before = weightsOf(trainer)
    await expect(trainer.fit(data, labels, { ...quiet, ...options })).rejects.toThrow(message)
    expect(weightsOf(trainer)).toEqual(before)
    expect(trainer.step).toBe(0)
  }

  it("ragged rows", () => refuse([[1, 2], [3]], [0, 1], "x: ragged rows: entry [1] does not have 2 entries"))
  it("NaN, with row and column", () =>
    refuse(
      [
        [1, 2],
        [3, Number.NaN],
      ],
      [0, 1],
      "fit: x has NaN in row 1, column 1",
    ))
  it("an infinite target", () => refuse([[1, 2]], [Number.POSITIVE_INFINITY], "fit: y has the label Infinity in row 0"))
  it("a label out of range", () =>
    refuse(
      [
        [1, 2],
        [3, 4],
      ],
      [0, 3],
      "fit: y has the label 3 in row 1",
    ))
  it("a label that is no integer", () =>
    refuse(
      [
        [1, 2],
        [3, 4],
      ],
      [0.5, 1],
      "fit: y has the label 0.5 in row 0",
    ))
  it("another rank", () => refuse([1, 2], [0, 1], "fit: the model takes other inputs than x has"))
  it("another width", () => refuse([[1, 2, 3]], [0], "fit: the model takes other inputs than x has"))
  it("no examples", () => refuse([], [], "fit: x has no examples"))
  it("lengths that differ", () =>
    refuse(
      [
        [1, 2],
        [3, 4],
      ],
      [0],
      "fit: x has 2 examples, y has 1",
    ))
  it("weights that are not one per example", () =>
    refuse([[1, 2]], [0], "fit: x has 1 examples, sampleWeight has 2", { sampleWeight: [1, 1] }))
  it("one-hot targets for a sparse loss", () =>
    refuse([[1, 2]], [[0, 1, 0]], 'one-hot targets go to "categorical_crossentropy"'))
  it("bad validation data", () =>
    refuse([[1, 2]], [0], "fit: validationData: y has the label 7 in row 0", { validationData: [[[1, 2]], [7]] }))
  it("an option that does not exist", () =>
    refuse([[1, 2]], [0], 'fit: unknown option "epoch", did you mean "epochs"?', { epoch: 3 }))
  it("targets that are missing", () => refuse([[1, 2]], null, "fit: targets are missing"))

  it("options of compile that cannot be", () => {
    const model = smallModel()
    expect(() => compile(model, { loss: "sparse_categorical_crossentropi" as "mse" })).toThrow(
      'compile: loss "sparse_categorical_crossentropi" is unknown, did you mean "sparse_categorical_crossentropy"?',
    )
    expect(() => compile(model, { loss: "mse", metrics: ["acuracy" as "accuracy"] })).toThrow(
      'did you mean "accuracy"?',
    )
    expect(() => compile(model, { loss: "mse", optimizer: "sdg" as "sgd" })).toThrow('did you mean "sgd"?')
    expect(() => new SGD({ clipnorm: 1, clipvalue: 1 })).toThrow(OptionError)
    expect(() => new SGD({ learningRate: Number.NaN })).toThrow("SGD: learningRate must be a number >= 0, got NaN")
  })
})
