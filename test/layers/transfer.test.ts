import { assign, backward, isTensor, mean, mul, square, sub, type Tensor, tensor } from "@selvedge/core"
import {
  activationStatistics,
  BatchNormalization,
  bottleneck,
  Concatenate,
  cloneModel,
  Dense,
  freeze,
  freezeUpTo,
  input,
  loadMatching,
  Model,
  namedWeights,
  Sequential,
  unfreeze,
} from "@selvedge/layers"
import { describe, expect, it } from "vitest"

const wave = (...shape: number[]) => {
  const size = shape.reduce((product, n) => product * n, 1)
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898) * 1.4),
    shape,
  )
}
const one = (y: Tensor | readonly Tensor[]): Tensor => {
  if (!isTensor(y)) throw new Error("one output is expected")
  return y
}
const make = () =>
  new Sequential(
    [
      input({ shape: [4] }),
      new Dense(5, { activation: "tanh", name: "low" }),
      new BatchNormalization({ name: "norm" }),
      new Dense(3, { activation: "tanh", name: "high" }),
      new Dense(1, { name: "out" }),
    ],
    { seed: 1 },
  )
const frozen = (model: Model) => model.layers.filter(layer => !layer.trainable).map(layer => layer.name)

/** One step of gradient descent on the mean squared error, as a trainer takes it. */
const step = (model: Model, x: Tensor, y: Tensor, rate = 0.1): number => {
  const loss = mean(square(sub(one(model.call(x, { training: true })), y)))
  backward(loss)
  for (const w of model.trainableWeights) {
    if (w.grad) assign(w, sub(w, mul(w.grad, rate * w.learningRateMultiplier)))
  }
  return loss.item()
}

describe("freezing", () => {
  it("chooses by nothing, prefix, function, list and upper end, and gives what it chose", () => {
    const model = make()
    expect(freeze(model, "lo").map(l => l.name)).toEqual(["low"])
    unfreeze(model)
    expect(frozen(model)).toEqual([])
    freeze(model, layer => layer instanceof Dense)
    expect(frozen(model)).toEqual(["low", "high", "out"])
    unfreeze(model, ["high", model.layers[3]])
    expect(frozen(model)).toEqual(["low"])
    freezeUpTo(model, "high")
    expect(frozen(model)).toEqual(["low", "norm", "high"])
    freeze(model)
    expect(model.trainableWeights).toEqual([])
  })

  it("lets single layers of a frozen model go", () => {
    const model = make()
    model.trainable = false
    unfreeze(model, "out")
    expect(frozen(model)).toEqual(["low", "norm", "high"])
    expect(model.trainableWeights.map(w => w.name)).toEqual(["out/kernel", "out/bias"])
  })

  it("says so when nothing fits", () => {
    expect(() => freeze(make(), "encoder")).toThrow("freeze: no layer of sequential")
    expect(() => freezeUpTo(make(), "hihg")).toThrow('did you mean "high"?')
  })

  it("keeps moving statistics from ever being trainable, and from moving while frozen", () => {
    const model = make()
    const norm = model.getLayer("norm")
    const before = norm.getWeights()
    freeze(model, "norm")
    model.call(wave(8, 4), { training: true })
    expect(norm.getWeights()).toEqual(before)
    unfreeze(model)
    expect(norm.trainableWeights.map(w => w.key)).toEqual(["gamma", "beta"])
    model.call(wave(8, 4), { training: true })
    expect(norm.getWeights()[2]).not.toEqual(before[2])
  })

  it("does no gradient work under a frozen prefix, and has effect at the next step", () => {
    const model = make()
    freezeUpTo(model, "norm")
    const seen: [string, boolean][] = []
    for (const layer of model.layers) {
      const { call } = layer
      layer.call = (x, options) => {
        const y = one(call.call(layer, x, options))
        seen.push([layer.name, y.requiresGrad])
        return y
      }
    }
    const before = model.getWeights()
    step(model, wave(8, 4), wave(8, 1))
    expect(seen).toEqual([
      ["low", false],
      ["norm", false],
      ["high", true],
      ["out", true],
    ])
    const after = model.getWeights()
    expect(after.map((w, i) => w.join() === before[i].join())).toEqual([
      true,
      true,
      true,
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ])
    expect(model.getLayer("low").weights[0].grad).toBeNull()
    unfreeze(model)
    step(model, wave(8, 4), wave(8, 1))
    expect(model.getWeights()[0]).not.toEqual(after[0])
  })
})

describe("shared layers", () => {
  it("training B changes A, and not a clone of A with copied weights", () => {
    const a = make()
    const clone = cloneModel(a, { weights: true })
    const b = new Sequential([...a.layers.slice(0, -1), new Dense(1, { name: "new_out" })])
    const kernel = a.getWeights()[0]
    for (let i = 0; i < 3; i++) step(b, wave(8, 4), wave(8, 1))
    expect(a.getWeights()[0]).not.toEqual(kernel)
    expect(clone.getWeights()[0]).toEqual(kernel)
  })
})

describe("bottleneck", () => {
  it("gives the upper layers and what comes to them, so that training the head is training the model", () => {
    const [whole, split] = [make(), make()]
    for (const model of [whole, split]) freezeUpTo(model, "norm")
    const [x, y] = [wave(10, 4), wave(10, 1)]
    const { head, data } = bottleneck(split, "norm", x, { batchSize: 3 })
    expect(data.shape).toEqual([10, 5])
    expect(head.layers).toEqual([split.getLayer("high"), split.getLayer("out")])
    for (let i = 0; i < 5; i++) expect(step(head, data, y)).toBeCloseTo(step(whole, x, y), 6)
    // To the last bits: which kernel computes tanh depends on how many samples go through it at a time.
    const flat = (model: Model) => model.getWeights().flatMap(w => [...w])
    const wanted = flat(whole)
    flat(split).forEach((w, i) => {
      expect(w).toBeCloseTo(wanted[i], 5)
    })
  })

  it("cuts functional models, where everything above goes through the cut", () => {
    const [a, b] = [input({ shape: [4] }), input({ shape: [2] })]
    const low = new Dense(3, { activation: "tanh", name: "low" })
    const h = low.apply(a)
    const y = new Dense(1).apply(new Concatenate().apply([h, new Dense(2).apply(h)]))
    const model = new Model({ inputs: a, outputs: y })
    const x = wave(6, 4)
    const { head, data } = bottleneck(model, low, x)
    expect([...one(head.call(data)).read()]).toEqual([...one(model.call(x)).read()])
    const side = new Model({ inputs: [a, b], outputs: new Dense(1).apply(new Concatenate().apply([h, b])) })
    expect(() => bottleneck(side, low, x)).toThrow("the upper part also needs the output of")
    expect(() => bottleneck(make(), "out", x)).toThrow('nothing is left above "out"')
  })
})

describe("learning-rate multipliers", () => {
  it("reach every weight of a layer, and those it gets later", () => {
    const layer = new Dense(2)
    layer.learningRateMultiplier = 0.1
    layer.build([null, 3])
    expect(layer.weights.map(w => w.learningRateMultiplier)).toEqual([0.1, 0.1])
    const model = make()
    model.learningRateMultiplier = 0
    const before = model.getWeights()
    step(model, wave(8, 4), wave(8, 1))
    expect(model.getWeights()[0]).toEqual(before[0])
    expect(() => {
      layer.learningRateMultiplier = -1
    }).toThrow("learningRateMultiplier must be a number >= 0, got -1")
  })
})

describe("loadMatching", () => {
  it("copies what agrees in name and shape, and reports the rest", () => {
    const teacher = make()
    const student = new Sequential([
      input({ shape: [4] }),
      new Dense(5, { name: "low" }),
      new Dense(2, { name: "high" }),
      new Dense(1, { name: "other" }),
    ])
    const report = loadMatching(student, teacher)
    expect(report.matched).toEqual(["low/kernel", "low/bias"])
    expect(report.missing).toEqual(["other/kernel", "other/bias"])
    expect(report.mismatched).toEqual([
      { name: "high/kernel", expected: [5, 2], got: [5, 3] },
      { name: "high/bias", expected: [2], got: [3] },
    ])
    expect(report.unused).toEqual([
      "norm/gamma",
      "norm/beta",
      "norm/moving_mean",
      "norm/moving_variance",
      "out/kernel",
      "out/bias",
    ])
    expect(student.getWeights().slice(0, 2)).toEqual(teacher.getWeights().slice(0, 2))
  })

  it("takes arrays by name, and names weights of models inside by their paths", () => {
    const inner = new Sequential([new Dense(2, { name: "d" })], { name: "encoder" })
    const model = new Sequential([input({ shape: [1] }), inner])
    expect([...namedWeights(model).keys()]).toEqual(["encoder/d/kernel", "encoder/d/bias"])
    expect(loadMatching(model, { "encoder/d/bias": [3, 4] }).matched).toEqual(["encoder/d/bias"])
    expect([...model.weights[1].read()]).toEqual([3, 4])
    expect(() => loadMatching(model, 7 as never)).toThrow("the source must be a model")
  })
})

describe("unsupervised pretraining", () => {
  it("an autoencoder's encoder is reused below a classifier, frozen first and then not", () => {
    const encoder = new Sequential([input({ shape: [6] }), new Dense(3, { activation: "tanh" })], {
      name: "encoder",
      seed: 1,
    })
    const autoencoder = new Sequential([encoder, new Dense(6)], { seed: 2 })
    const x = wave(32, 6)
    const losses = Array.from({ length: 200 }, () => step(autoencoder, x, x, 0.5))
    expect(losses.at(-1)).toBeLessThan(0.7 * losses[0])
    const classifier = new Sequential([encoder, new Dense(1)], { seed: 3 })
    const learned = encoder.getWeights()
    freeze(classifier, "encoder")
    step(classifier, x, wave(32, 1))
    expect(encoder.getWeights()).toEqual(learned)
    unfreeze(classifier)
    step(classifier, x, wave(32, 1))
    expect(encoder.getWeights()[0]).not.toEqual(learned[0])
  })
})

describe("activationStatistics", () => {
  it("counts means, deviations, dead and saturated units of every layer, models inside opened", () => {
    const inner = new Sequential([new Dense(2, { activation: "relu", name: "relu" })])
    const model = new Sequential([input({ shape: [2] }), inner, new Dense(2, { activation: "sigmoid", name: "s" })])
    model.setWeights([
      [
        [1, 0],
        [0, 1],
      ],
      [0, -100],
      [
        [50, 0],
        [0, 0],
      ],
      [0, 0],
    ])
    const stats = activationStatistics(
      model,
      tensor([
        [1, 2],
        [3, 4],
      ]),
    )
    expect(stats).toEqual([
      {
        name: "relu",
        className: "Dense",
        mean: 1,
        std: expect.closeTo(Math.sqrt((0 + 1 + 4 + 1) / 4), 6),
        dead: 0.5,
        saturated: 0,
      },
      {
        name: "s",
        className: "Dense",
        mean: expect.closeTo(0.75, 6),
        std: expect.closeTo(0.25, 6),
        dead: 0,
        saturated: 0.5,
      },
    ])
  })

  // Klambauer et al. 2017, theorem 1: mean in [-0.1, 0.1] and variance in [0.8, 1.5] are mapped into themselves; the
  // book's experiment has 1,000 layers of 100 units.
  it("finds the thousand-layer SELU network within the paper's bounds, and ELU's far outside", () => {
    const deep = (activation: "selu" | "elu", count: number) =>
      new Sequential(
        Array.from({ length: count }, (_, i) => {
          const options = {
            activation,
            kernelInitializer: "lecun_normal",
            ...(i === 0 ? { inputShape: [100] } : {}),
          } as const
          return new Dense(100, options)
        }),
        { seed: 42 },
      )
    const x = wave(200, 100)
    for (const { mean: average, std } of activationStatistics(deep("selu", 1000), x)) {
      expect(Math.abs(average)).toBeLessThan(0.2)
      expect(std).toBeGreaterThan(0.8)
      expect(std).toBeLessThan(1.25)
    }
    expect(activationStatistics(deep("elu", 100), x).at(-1)?.std).toBeLessThan(0.3)
  })
})
