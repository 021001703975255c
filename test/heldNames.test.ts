import * as core from "@selvedge/core"
import { backward, tensor } from "@selvedge/core"
import * as layers from "@selvedge/layers"
import { Dense, deserialize, Flatten, Normalization, Sequential } from "@selvedge/layers"
import * as trainers from "@selvedge/trainer"
import {
  compile,
  deserializeLoss,
  deserializeMetric,
  deserializeOptimizer,
  deserializeSchedule,
  SGD,
} from "@selvedge/trainer"
import { describe, expect, it } from "vitest"

// The names that programs outside of this repository call, used as such a program would: plain arrays where it has them,
// Keras's config keys. Wanted numbers are worked out by hand.

const one = (value: core.Tensor | readonly core.Tensor[]): core.Tensor => {
  if (!core.isTensor(value)) throw new Error("one tensor is expected")
  return value
}
const dense = (config: object, class_name = "Dense") => ({ class_name, config })

describe("a layer", () => {
  it("is made, built, given weights, called and differentiated", () => {
    const layer = deserialize(dense({ units: 2, activation: "linear" }))
    expect(layer.built).toBe(false)
    layer.build([null, 3])
    expect(layer.built).toBe(true)
    layer.setWeights([
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [10, 20],
    ])
    const x = tensor(Float32Array.of(1, 0, -1, 2, 1, 0), [2, 3], { requiresGrad: true, name: "x" })
    expect([x.name, x.requiresGrad, x.shape]).toEqual(["x", true, [2, 3]])
    const y = one(layer.call(x, { training: true }))
    expect([...y.data]).toEqual([6, 16, 15, 28])
    backward(y, tensor([1, 0, 0, 1], [2, 2]))
    expect([...x.grad!.data]).toEqual([1, 3, 5, 2, 4, 6])
    expect([...layer.weights[0]!.grad!.data]).toEqual([1, 2, 0, 1, -1, 0])
    expect([...layer.weights[1]!.grad!.data]).toEqual([1, 1])
    expect(layer.weights.map(w => [...w.data])).toEqual([
      [1, 2, 3, 4, 5, 6],
      [10, 20],
    ])
    expect(layer.weights.length).toBe(layer.trainableWeights.length + layer.nonTrainableWeights.length)
    expect(layer.countParams()).toBe(8)
    expect(layer.getWeights().map(w => [...core.tensor(w).data])).toEqual(layer.weights.map(w => [...w.data]))
  })

  it.each([
    ["{ data, shape }", { data: [1, 2, 3, 4], shape: [2, 2] }],
    ["{ data, shape } of a Float32Array", { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] }],
    ["a flat Float32Array", Float32Array.of(1, 2, 3, 4)],
    ["a tensor", tensor([1, 2, 3, 4], [2, 2])],
  ])("takes weights as %s", (_, kernel) => {
    const layer = deserialize(dense({ units: 2, use_bias: false }))
    layer.build([null, 2])
    layer.setWeights([kernel])
    expect([...layer.weights[0]!.data]).toEqual([1, 2, 3, 4])
  })

  it.each([
    ["a name", "relu", [0, 3]],
    ["a class of activation", { class_name: "LeakyReLU", config: { negative_slope: 0.5 } }, [-1, 3]],
    ["the same with Keras 2's key", { class_name: "LeakyReLU", config: { alpha: 0.5 } }, [-1, 3]],
    ["a function with its settings", { class_name: "leaky_relu", config: { negative_slope: 0.25 } }, [-0.5, 3]],
    ["a function as Keras 3 writes it", { class_name: "function", config: "relu", registered_name: "relu" }, [0, 3]],
    ["none", null, [-2, 3]],
  ])("takes an activation in its config as %s", (_, activation, wanted) => {
    const layer = deserialize(dense({ units: 2, use_bias: false, activation }))
    layer.build([null, 2])
    layer.setWeights([
      [
        [1, 0],
        [0, 1],
      ],
    ])
    expect([...one(layer.call(tensor([[-2, 3]]), { training: false })).data]).toEqual(wanted)
    const alone = deserialize(dense({ activation }, "Activation"))
    alone.build([null, 2])
    expect([...one(alone.call(tensor([[-2, 3]]), {})).data]).toEqual(wanted)
  })

  it("adapts to data, before or after build", () => {
    for (const built of [true, false]) {
      const layer = deserialize(dense({ axis: -1 }, "Normalization"))
      if (built) layer.build([null, 2])
      if (!(layer instanceof Normalization)) throw new Error("another class")
      layer.adapt(
        tensor([
          [1, 10],
          [3, 30],
        ]),
      )
      expect([...one(layer.call(tensor([[3, 10]]))).data]).toEqual([1, -1])
    }
  })

  it("merges a list of inputs", () => {
    const layer = deserialize(dense({}, "Add"))
    layer.build([
      [null, 2],
      [null, 2],
    ])
    expect([...one(layer.call([tensor([[1, 2]]), tensor([[3, 4]])], { training: false })).data]).toEqual([4, 6])
  })
})

describe("a model", () => {
  it("is built for a shape", async () => {
    const model = new Sequential([new Flatten(), new Dense(4, { activation: "relu" }), new Dense(1)], { seed: 3 })
    expect(model.built).toBe(false)
    model.build([null, 28, 28])
    expect(model.built).toBe(true)
    expect(model.weights.map(w => w.shape)).toEqual([[784, 4], [4], [4, 1], [1]])
    expect(one(await model.predict({ data: new Float32Array(2 * 784), shape: [2, 28, 28] })).shape).toEqual([2, 1])
  })

  it("is trained on { data, shape }, on nested arrays, a batch at a time", async () => {
    const model = new Sequential([new Dense(1, { kernelInitializer: "zeros", inputShape: [2] })], { seed: 3 })
    const trainer = compile(model, { loss: "mse", optimizer: new SGD({ learningRate: 0.5 }), metrics: ["mae"] })
    const x = { data: Float32Array.of(1, 0, 0, 1), shape: [2, 2] }
    const logs = trainer.trainOnBatch(x, [[2], [4]])
    expect(logs).toEqual({ loss: 10, mae: 3 })
    // dL/dw = -(2/2) [2, 4], dL/db = -(2/2) 6; the rate is 0.5.
    expect([...model.weights[0]!.data, ...model.weights[1]!.data]).toEqual([1, 2, 3])
    const { history } = await trainer.fit(x, { data: [2, 4], shape: [2, 1] }, { epochs: 2, batchSize: 2, verbose: 0 })
    expect(Object.keys(history).sort()).toEqual(["loss", "mae"])
    expect(history.loss).toHaveLength(2)
    expect(history.loss![0]).toBe(2.5)
  })
})

describe("an optimizer", () => {
  const start = () => [
    tensor([1, 2], [2], { requiresGrad: true, name: "dense/kernel" }),
    tensor([3], [1], { requiresGrad: true, name: "dense/bias" }),
  ]
  it.each([
    ["plain arrays", [[1, 2], [4]]],
    ["typed arrays", [Float32Array.of(1, 2), Float32Array.of(4)]],
    ["tensors", [tensor([1, 2]), tensor([4])]],
  ])("takes gradients as %s, and keeps weights out of decay by fragments of their names", (_, gradients) => {
    const optimizer = deserializeOptimizer({ class_name: "SGD", config: { learning_rate: 0.5, weight_decay: 0.5 } })
    optimizer.excludeFromWeightDecay(["bias"])
    const weights = start()
    optimizer.apply(gradients, weights)
    expect(weights.map(w => [...w.data])).toEqual([[0.25, 0.5], [1]])
    expect(optimizer.learningRate).toBe(0.5)
  })

  it("takes long plain arrays like typed ones", () => {
    const numbers = Array.from({ length: 5000 }, (_, i) => (i % 13) / 8 - 0.5)
    const results = [numbers, Float32Array.from(numbers)].map(g => {
      const optimizer = deserializeOptimizer({ class_name: "Adam", config: { clipvalue: 0.25, weight_decay: 0.01 } })
      const w = tensor(new Float32Array(5000).fill(1), [5000], { requiresGrad: true, name: "w" })
      optimizer.apply([g], [w])
      return [...w.data]
    })
    expect(results[0]).toEqual(results[1])
    expect(results[0]![0]).toBeCloseTo(1 - 1e-5 + 1e-3, 6)
  })

  it("takes a schedule in its config", () => {
    const config = { initial_learning_rate: 1, decay_steps: 1, decay_rate: 0.5 }
    const optimizer = deserializeOptimizer({
      class_name: "SGD",
      config: { learning_rate: { class_name: "ExponentialDecay", config } },
    })
    const [w] = start()
    optimizer.apply([[1, 1]], [w!])
    optimizer.apply([[1, 1]], [w!])
    expect([...w!.data]).toEqual([-0.5, 0.5])
  })
})

describe("a schedule, a loss, a metric", () => {
  it("schedule.at", () => {
    const config = { initial_learning_rate: 1, decay_steps: 2, decay_rate: 0.25 }
    const schedule = deserializeSchedule({ class_name: "ExponentialDecay", config })
    expect([0, 1, 2].map(t => schedule.at(t))).toEqual([1, 0.5, 0.25])
  })

  it("loss.call, with sample weights and a gradient", () => {
    const loss = deserializeLoss({ class_name: "MeanSquaredError", config: { reduction: "sum" } })
    const p = tensor([[1], [3]], [2, 1], { requiresGrad: true })
    const value = loss.call(tensor([[0], [0]]), p, tensor([1, 2]))
    expect(value.item()).toBe(19)
    backward(value)
    expect([...p.grad!.data]).toEqual([2, 12])
    expect(loss.call([[0], [0]], [[1], [3]]).item()).toBe(10)
    const each = deserializeLoss({ class_name: "MeanSquaredError", config: { reduction: "none" } })
    expect([...each.call([[0], [0]], [[1], [3]]).data]).toEqual([1, 9])
  })

  it("metric.updateState, result, resetState", () => {
    const metric = deserializeMetric({ class_name: "SparseCategoricalAccuracy", config: { name: "acc" } })
    const p = [
      [0.1, 0.9],
      [0.8, 0.2],
    ]
    metric.updateState([1, 1], p)
    expect([metric.name, metric.result()]).toEqual(["acc", 0.5])
    metric.updateState(tensor([1, 0]), tensor(p), tensor([1, 3]))
    expect(metric.result()).toBe(5 / 6)
    metric.resetState()
    expect(metric.result()).toBe(0)
  })
})

it("a class that does not exist is refused with the nearest", () => {
  const config = {}
  expect(() => deserialize(dense({}, "Dens"))).toThrow('did you mean "Dense"?')
  expect(() => deserializeOptimizer({ class_name: "Adm", config })).toThrow('did you mean "Adam"?')
  expect(() => deserializeLoss({ class_name: "Hubert", config })).toThrow('did you mean "Huber"?')
  expect(() => deserializeMetric({ class_name: "Acuracy", config })).toThrow('did you mean "Accuracy"?')
  expect(() => deserializeSchedule({ class_name: "CosineDecai", config })).toThrow('did you mean "CosineDecay"?')
})

it("every name of the design is there", () => {
  const wanted = {
    core: [
      core,
      "tensor fromArray backward grad noGrad record setKernels setSeed setArithmetic setVectorWidth checkGradients",
    ],
    layers: [
      layers,
      "deserialize Sequential Model input cloneModel freeze unfreeze freezeUpTo bottleneck loadMatching activationStatistics",
    ],
    trainer: [
      trainers,
      "compile deserializeOptimizer deserializeLoss deserializeMetric deserializeSchedule mcPredict findLearningRate classificationReport confusionMatrix",
    ],
  } as const
  for (const [name, [exported, names]] of Object.entries(wanted)) {
    expect(
      names.split(" ").filter(key => !(key in exported)),
      name,
    ).toEqual([])
  }
})
