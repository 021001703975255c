import { exp, hardSilu, isTensor, leakyRelu, type Tensor, tanh, tensor } from "@selvedge/core"
import {
  Add,
  BatchNormalization,
  Concatenate,
  cloneModel,
  collectLosses,
  Dense,
  Dropout,
  deserialize,
  Flatten,
  input,
  Layer,
  LeakyReLU,
  l2,
  Model,
  PReLU,
  Sequential,
  serialize,
} from "@selvedge/layers"
import { describe, expect, it } from "vitest"

const one = (y: Tensor | readonly Tensor[]): Tensor => {
  if (!isTensor(y)) throw new Error("one output is expected")
  return y
}
const ramp = (...shape: number[]) => {
  const size = shape.reduce((product, n) => product * n, 1)
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
    shape,
  )
}
const bytes = (model: Layer) => model.getWeights().map(w => [...w])

describe("Sequential", () => {
  it("is built from the first layer's inputShape, from input(), from a built first layer, or from data", () => {
    const byShape = new Sequential([new Flatten({ inputShape: [2, 3] }), new Dense(4)])
    expect(byShape.built).toBe(true)
    expect(byShape.weights.map(w => w.shape)).toEqual([[6, 4], [4]])
    expect(new Sequential([input({ shape: [6] }), new Dense(4)]).weights.map(w => w.shape)).toEqual([[6, 4], [4]])
    expect(new Sequential([...byShape.layers, new Dense(1)]).weights.length).toBe(4)
    const byData = new Sequential([new Flatten(), new Dense(4)])
    expect(byData.built).toBe(false)
    expect(one(byData.call(ramp(5, 2, 3))).shape).toEqual([5, 4])
    expect(byData.built).toBe(true)
    const byBuild = new Sequential([new Flatten(), new Dense(4)])
    byBuild.build([null, 28, 28])
    expect(byBuild.weights[0].shape).toEqual([784, 4])
  })

  it("grows with add and shrinks with pop", () => {
    const model = new Sequential([input({ shape: [3] }), new Dense(4)])
    model.add(new Dense(2))
    expect(model.weights.length).toBe(4)
    expect(model.computeOutputShape([null, 3])).toEqual([null, 2])
    expect(model.pop().name).toMatch(/^dense/)
    expect(model.weights.length).toBe(2)
    model.add(new Dense(5))
    expect(one(model.call(ramp(2, 3))).shape).toEqual([2, 5])
    expect(() => new Sequential().pop()).toThrow("has no layer to remove")
  })

  it("refuses what is not a layer, and a name that is taken", () => {
    expect(() => new Sequential([7 as never])).toThrow("a layer is expected, got 7")
    expect(() => new Sequential([new Dense(1, { name: "a" }), new Dense(1, { name: "a" })])).toThrow(
      'two layers are called "a"',
    )
  })

  it("shares the layers of another model", () => {
    const a = new Sequential([input({ shape: [3] }), new Dense(4), new Dense(2)])
    const b = new Sequential([...a.layers.slice(0, -1), new Dense(1)])
    expect(b.weights[0]).toBe(a.weights[0])
    a.setWeights(a.getWeights().map(w => w.fill(0.5)))
    expect([...b.weights[0].read()]).toEqual(Array(12).fill(0.5))
  })

  it("finds layers by name and by position, and says what there is", () => {
    const model = new Sequential([
      input({ shape: [3] }),
      new Dense(4, { name: "first" }),
      new Dense(2, { name: "last" }),
    ])
    expect(model.getLayer("last")).toBe(model.layers[1])
    expect(model.getLayer(-1)).toBe(model.layers[1])
    expect(() => model.getLayer("lats")).toThrow('has no layer "lats", did you mean "last"?')
  })
})

describe("first values", () => {
  const make = (seed?: number) =>
    new Sequential(
      [input({ shape: [5] }), new Dense(4), new Dense(4), new Dense(4, { kernelInitializer: "he_normal" })],
      {
        ...(seed === undefined ? {} : { seed }),
      },
    )
  const functional = (seed: number) => {
    const x = input({ shape: [5] })
    const y = new Dense(4).apply(new Dense(4).apply(x))
    return new Model({ inputs: x, outputs: y, seed })
  }

  it("are the same for the same seed, 0 included, and others for another seed", () => {
    expect(bytes(make(0))).toEqual(bytes(make(0)))
    expect(bytes(make(7))).toEqual(bytes(make(7)))
    expect(bytes(make(0))).not.toEqual(bytes(make(7)))
    expect(bytes(functional(3))).toEqual(bytes(functional(3)))
    expect(bytes(functional(3))).not.toEqual(bytes(functional(4)))
  })

  it("do not depend on automatic names or on when the model is built", () => {
    const early = make(5)
    const late = new Sequential([new Dense(4), new Dense(4), new Dense(4, { kernelInitializer: "he_normal" })], {
      seed: 5,
    })
    late.call(ramp(2, 5))
    const named = new Sequential(
      [new Dense(4, { name: "dense_71" }), new Dense(4), new Dense(4, { kernelInitializer: "he_normal" })],
      { seed: 5 },
    )
    named.build([null, 5])
    expect(bytes(late)).toEqual(bytes(early))
    expect(bytes(named)).toEqual(bytes(early))
  })

  it("differ between layers, and between two models without a seed", () => {
    const model = make(1)
    expect([...model.weights[2].read()].slice(0, 16)).not.toEqual([...model.weights[0].read()].slice(0, 16))
    expect(bytes(make())).not.toEqual(bytes(make()))
    const x = input({ shape: [5] })
    const twins = new Model({ inputs: x, outputs: [new Dense(3).apply(x), new Dense(3).apply(x)] })
    expect([...twins.weights[0].read()]).not.toEqual([...twins.weights[2].read()])
  })

  it("of a nested model are the outer model's, unless it has a seed of its own", () => {
    const nested = (seed: number, inner?: number) => {
      const block = new Sequential([new Dense(3)], inner === undefined ? {} : { seed: inner })
      return new Sequential([input({ shape: [2] }), block, new Dense(1)], { seed })
    }
    expect(bytes(nested(1))).toEqual(bytes(nested(1)))
    expect(bytes(nested(1))).not.toEqual(bytes(nested(2)))
    expect(bytes(nested(1, 9)).slice(0, 2)).toEqual(bytes(nested(2, 9)).slice(0, 2))
  })

  it("are not given to weights that have values", () => {
    const x = input({ shape: [2] })
    const layer = new Dense(1)
    const y = layer.apply(x)
    layer.setWeights([[[1], [2]], [3]])
    const model = new Model({ inputs: x, outputs: y })
    expect(bytes(model)).toEqual([[1, 2], [3]])
  })
})

describe("functional models", () => {
  const wideAndDeep = () => {
    const a = input({ shape: [4], name: "deep" })
    const b = input({ shape: [3], name: "wide" })
    const shared = new Dense(4, { activation: "tanh", name: "shared" })
    const h = shared.apply(shared.apply(a))
    const joined = new Concatenate().apply([b, h])
    return new Model({ inputs: [a, b], outputs: [new Dense(1, { name: "main" }).apply(joined), h], seed: 1 })
  }

  it("takes several inputs and gives several outputs, with a shared layer applied twice", () => {
    const model = wideAndDeep()
    const [a, b] = [ramp(2, 4), ramp(2, 3)]
    const ys = model.call([a, b])
    if (isTensor(ys)) throw new Error("a list is expected")
    const shared = model.getLayer("shared")
    const h = one(shared.call(one(shared.call(a))))
    expect([...ys[1].read()]).toEqual([...h.read()])
    const main = one(model.getLayer("main").call(one(new Concatenate().call([b, h]))))
    expect([...ys[0].read()]).toEqual([...main.read()])
    expect(model.weights.length).toBe(4)
    expect(() => model.apply([a, b])).toThrow("has 2 outputs")
    expect(() => model.call([a])).toThrow("takes 2 inputs (deep, wide), got 1")
    expect(() => model.call([b, a])).toThrow("the input does not have its shape")
  })

  it("comes back from its config with the same results", () => {
    const model = wideAndDeep()
    const again = deserialize(JSON.parse(JSON.stringify(serialize(model))))
    again.setWeights(model.getWeights())
    const read = (m: Layer) => m.applyAll([ramp(2, 4), ramp(2, 3)]).map(y => [...y.read()])
    expect(read(again)).toEqual(read(model))
    expect(serialize(again)).toEqual(serialize(model))
  })

  it("nests in others, symbolically and within Sequential", () => {
    const inner = new Sequential([new Dense(3), new BatchNormalization()], { name: "inner" })
    const x = input({ shape: [2] })
    const model = new Model({ inputs: x, outputs: new Add().apply([inner.apply(x), inner.apply(x)]) })
    expect(model.weights.length).toBe(6)
    expect(one(model.call(ramp(4, 2))).shape).toEqual([4, 3])
    const outer = new Sequential([model, new Dense(1)])
    outer.build([null, 2])
    expect(outer.computeOutputShape([7, 2])).toEqual([7, 1])
    const again = deserialize(JSON.parse(JSON.stringify(serialize(outer))))
    expect(again.weights.map(w => w.shape)).toEqual(outer.weights.map(w => w.shape))
  })

  it("says which input is missing, and what a graph is made of", () => {
    const [a, b] = [input({ shape: [2], name: "a" }), input({ shape: [2], name: "b" })]
    expect(() => new Model({ inputs: a, outputs: new Add().apply([a, b]) })).toThrow(
      'its outputs depend on the input "b", which is not given',
    )
    expect(() => new Model({ inputs: ramp(2) as never, outputs: a })).toThrow("inputs must be symbolic tensors")
  })
})

class Residual extends Layer {
  static override readonly className: string = "Residual"
  static override readonly positional = ["units"]
  readonly units: number
  readonly hidden: Dense[]

  constructor(units: number, options = {}) {
    super(options)
    this.units = units
    this.hidden = [new Dense(units, { activation: "elu" }), new Dense(units)]
  }

  override call(x: Tensor): Tensor {
    const y = this.hidden.reduce((h, layer) => layer.apply(h), x)
    return one(new Add().call([x, y]))
  }

  override options() {
    return { ...super.options(), units: this.units }
  }
}

class MCDropout extends Dropout {
  override call(x: Tensor) {
    return super.call(x, { training: true })
  }
}

describe("layers and models of one's own", () => {
  it("a composite layer has the weights of the layers inside it", () => {
    const model = new Sequential([input({ shape: [3] }), new Residual(3), new Dense(1)], { seed: 2 })
    expect(model.weights.map(w => w.name.split("/")[1])).toEqual(["kernel", "bias", "kernel", "bias", "kernel", "bias"])
    const again = new Sequential([input({ shape: [3] }), new Residual(3), new Dense(1)], { seed: 2 })
    expect(bytes(again)).toEqual(bytes(model))
    model.layers[0].trainable = false
    expect(model.trainableWeights.length).toBe(2)
  })

  it("MCDropout drops also at inference, and comes back from its config with customObjects", () => {
    const model = new Sequential([input({ shape: [100] }), new MCDropout(0.5)])
    const zeros = (y: Tensor) => y.read().filter(v => v === 0).length
    const x = tensor(new Float32Array(100).fill(1), [1, 100])
    expect(zeros(one(model.call(x)))).toBeGreaterThan(20)
    const config = JSON.parse(JSON.stringify(serialize(model)))
    expect(config.config.layers[1]).toMatchObject({
      class_name: "MCDropout",
      module: null,
      registered_name: "MCDropout",
    })
    expect(() => deserialize(config)).toThrow('layer class "MCDropout" is unknown')
    const again = deserialize(config, { MCDropout })
    if (!(again instanceof Sequential)) throw new Error("a Sequential is expected")
    expect(again.layers[0]).toBeInstanceOf(MCDropout)
    expect(zeros(one(again.call(x)))).toBeGreaterThan(20)
    expect(cloneModel(model).layers[0]).toBeInstanceOf(MCDropout)
  })

  it("a model may compute in call, and training reaches the layers inside without being passed on", () => {
    class Two extends Model {
      readonly hidden = new Dense(4, { activation: "relu" })
      readonly drop = new Dropout(0.5)
      readonly out = new Dense(1)
      override call(x: Tensor): Tensor {
        return this.out.apply(this.drop.apply(this.hidden.apply(x)))
      }
    }
    const [model, again] = [new Two({ seed: 4 }), new Two({ seed: 4 })]
    const x = ramp(8, 3)
    expect(model.layers.map(l => l.constructor.name)).toEqual(["Dense", "Dropout", "Dense"])
    const y = model.apply(x)
    again.apply(x)
    expect(bytes(again)).toEqual(bytes(model))
    expect([...model.apply(x).read()]).toEqual([...y.read()])
    expect([...model.apply(x, { training: true }).read()]).not.toEqual([...y.read()])
    expect(model.summary({ printFn: () => {} })).toContain('Model: "two')
  })

  it("a functional model may hold a layer that does not say its output's shape", () => {
    class Halve extends Layer {
      override call(x: Tensor): Tensor {
        return tensor(new Float32Array((x.size / x.shape[1]) * (x.shape[1] / 2)), [x.shape[0], x.shape[1] / 2])
      }
    }
    const x = input({ shape: [6] })
    expect(new Halve().apply(x).shape).toEqual([null, 3])
  })

  it("an activation may be a layer with weights, or a function", () => {
    const layer = new Dense(3, { activation: new PReLU() })
    layer.apply(ramp(2, 2))
    expect(layer.weights.map(w => w.key)).toEqual(["kernel", "bias", "alpha"])
    const again = deserialize(JSON.parse(JSON.stringify(serialize(layer))))
    again.apply(ramp(2, 2))
    expect(again.weights.length).toBe(3)
    const built = deserialize(JSON.parse(JSON.stringify(serialize(new Sequential([input({ shape: [2] }), again])))))
    expect(built.weights.map(w => w.shape)).toEqual([[2, 3], [3], [3]])
    const triple = (x: Tensor) => one(new Add().call([x, x, x]))
    const own = new Dense(2, { activation: triple })
    const config = JSON.parse(JSON.stringify(serialize(own)))
    expect(config.config.activation).toMatchObject({ class_name: "function", config: "triple" })
    expect(() => deserialize(config)).toThrow('activation "triple" is unknown')
    expect(deserialize(config, { triple }).getConfig()).toEqual(own.getConfig())
  })

  it.each([
    ["tanh", tanh],
    ["leaky_relu", leakyRelu],
    ["exponential", exp],
    ["hard_silu", hardSilu],
  ] as const)("an op given as an activation is Keras's %s, whatever a bundler calls it", (name, op) => {
    expect(new Dense(2, { activation: op }).getConfig().activation).toBe(name)
  })
})

describe("cloneModel", () => {
  const model = () => {
    const m = new Sequential(
      [input({ shape: [3] }), new Dense(4, { kernelRegularizer: l2(0.1) }), new LeakyReLU(), new Dense(2)],
      {
        seed: 3,
      },
    )
    m.layers[0].trainable = false
    m.layers[2].learningRateMultiplier = 0.1
    return m
  }

  it("shares nothing, keeps names, flags and multipliers, and copies weights when told to", () => {
    const original = model()
    original.setWeights(original.getWeights().map((w, i) => w.fill(i)))
    const copy = cloneModel(original, { weights: true })
    expect(bytes(copy)).toEqual(bytes(original))
    expect(copy.layers.map(l => l.name)).toEqual(original.layers.map(l => l.name))
    expect(copy.trainableWeights.length).toBe(2)
    expect(copy.weights[2].learningRateMultiplier).toBe(0.1)
    copy.setWeights(copy.getWeights().map(w => w.fill(9)))
    expect(bytes(copy)).not.toEqual(bytes(original))
    const fresh = cloneModel(original)
    expect(bytes(fresh)).toEqual(bytes(model()))
    expect(bytes(cloneModel(original, { seed: 4 }))).not.toEqual(bytes(model()))
  })

  it("clones graphs with shared layers and models inside", () => {
    const x = input({ shape: [3] })
    const shared = new Dense(3, { name: "shared" })
    const block = new Sequential([new Dense(3)], { name: "block" })
    const original = new Model({ inputs: x, outputs: new Add().apply([shared.apply(x), shared.apply(block.apply(x))]) })
    const copy = cloneModel(original, { weights: true })
    expect(copy.weights.length).toBe(original.weights.length)
    const y = (m: Model) => [...one(m.call(ramp(2, 3))).read()]
    expect(y(copy)).toEqual(y(original))
    expect(copy.getLayer("shared")).not.toBe(shared)
  })
})

describe("weights", () => {
  const layer = () => {
    const made = new Dense(2, { name: "d" })
    made.build([null, 3])
    return made
  }

  it("are set from typed arrays, { shape, data }, nested arrays and tensors", () => {
    const d = layer()
    d.setWeights([Float32Array.of(1, 2, 3, 4, 5, 6), { shape: [2], data: [7, 8] }])
    expect(bytes(d)).toEqual([
      [1, 2, 3, 4, 5, 6],
      [7, 8],
    ])
    d.setWeights([
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
      tensor([4, 5]),
    ])
    expect(bytes(d)).toEqual([
      [1, 1, 2, 2, 3, 3],
      [4, 5],
    ])
    d.getWeights()[0].fill(0)
    expect(bytes(d)[0][0]).toBe(1)
  })

  it("are all left alone when one does not fit, and the first is named", () => {
    const d = layer()
    const before = bytes(d)
    expect(() => d.setWeights([Float32Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3]])).toThrow(
      /weight 1, "d\/bias", does not fit/,
    )
    expect(() => d.setWeights([Float32Array.of(1), [1, 2]])).toThrow(/weight 0, "d\/kernel", does not fit/)
    expect(() =>
      d.setWeights([
        [
          [1, 1],
          [2, 2],
          [3, 3],
        ],
      ]),
    ).toThrow(/has 2 weights, got 1 arrays\n.*d\/bias \[2\]/)
    expect(bytes(d)).toEqual(before)
  })

  it("have an array of their own that stays the same and is always true", () => {
    const d = layer()
    const data = d.weights[0].data
    d.setWeights([
      [
        [1, 1],
        [2, 2],
        [3, 3],
      ],
      [0, 0],
    ])
    expect(data).toBe(d.weights[0].data)
    expect(data[5]).toBe(3)
  })

  it("are counted, and the layer says so when it has none yet", () => {
    expect(layer().countParams()).toBe(8)
    expect(() => new Dense(2).countParams()).toThrow("has no weights yet")
    expect(() => new Dense(2, { name: "d" }).call(ramp(2, 3))).toThrow('d: has no "kernel" yet')
  })

  it("do not double when a layer is built twice, nor change their shape", () => {
    const d = layer()
    d.build([null, 3])
    expect(d.weights.length).toBe(2)
    expect(() => d.build([null, 4])).toThrow("was built for another input")
  })
})

describe("penalties", () => {
  it("come from regularizers on trainable weights, each weight once", () => {
    const shared = new Dense(2, { kernelRegularizer: l2(0.5), kernelInitializer: "ones" })
    const model = new Sequential([input({ shape: [2] }), shared, new Sequential([new Dense(1)])])
    expect(model.penalties().map(p => p.item())).toEqual([2])
    shared.trainable = false
    expect(model.penalties()).toEqual([])
  })

  it("on activity are divided by the batch, and gathered while a model runs", () => {
    const model = new Sequential([
      input({ shape: [2] }),
      new Dense(2, { activityRegularizer: "l2", kernelInitializer: "ones" }),
    ])
    const { losses } = collectLosses(() => model.call(tensor(new Float32Array(8).fill(1), [4, 2])))
    expect(losses.map(loss => loss.item())).toEqual([expect.closeTo(0.01 * 8, 6)])
    expect(collectLosses(() => 1).losses).toEqual([])
  })
})
