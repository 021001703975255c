import { isTensor, ones, SelvedgeError, type Tensor, tensor, zeros } from "@selvedge/core"
import {
  Activation,
  Add,
  activationStatistics,
  addLoss,
  BatchNormalization,
  bottleneck,
  cloneModel,
  Dense,
  Dropout,
  deserialize,
  Flatten,
  freeze,
  input,
  Layer,
  LayerNormalization,
  loadMatching,
  MaxPooling2D,
  Model,
  Normalization,
  Permute,
  PReLU,
  RandomFlip,
  Rescaling,
  Reshape,
  resetNames,
  Sequential,
  Softmax,
  serialize,
} from "@selvedge/layers"
import { beforeEach, describe, expect, it } from "vitest"

// What a hostile or a tired user does. Every mistake is answered by a sentence, and leaves things as they were.

beforeEach(resetNames)

class Own extends Layer {
  readonly fn: (x: Tensor) => unknown
  constructor(fn: (x: Tensor) => unknown) {
    super()
    this.fn = fn
  }
  override call(x: Tensor): Tensor {
    return this.fn(x) as Tensor
  }
}
class Wide extends Model {
  readonly hidden: Dense
  constructor(units: number) {
    super()
    this.hidden = new Dense(units)
  }
}
const fixed = (...layers: Layer[]) => new Sequential([input({ shape: [3] }), ...layers], { name: "model" })
const twoInputs = () => {
  const inputs = [input({ shape: [3], name: "a" }), input({ shape: [3], name: "b" })]
  return new Model({ inputs, outputs: new Dense(1).apply(new Add({ name: "sum" }).apply(inputs)) })
}
const dense = () => {
  const layer = new Dense(2, { name: "d" })
  layer.build([null, 3])
  return layer
}

const mistakes: [what: string, fn: () => unknown, message: string | RegExp][] = [
  [
    "no shape",
    () => new Dense(2).build(undefined as never),
    "dense: the input's shape must be a list of integers >= 0",
  ],
  ["a negative shape", () => new Dense(2).build([null, -3]), "null where unknown, got [null, -3]"],
  [
    "a weight beyond all memory",
    () => new Dense(1e9).build([null, 1e6]),
    /"dense\/kernel" is too large: there is no room/,
  ],
  ["an axis named twice", () => new LayerNormalization({ axis: [1, -1] }).build([2, 3]), "axis 1 is named twice"],
  ["no axis", () => new Softmax({ axis: [] }), "Softmax: axis must be an integer or a list of integers, got []"],
  ["a shared axis that is not there", () => new PReLU({ sharedAxes: [5] }).build([null, 3]), "axis 5 does not exist"],
  [
    "statistics that are no numbers",
    () => new Normalization({ mean: [Number.NaN], variance: [1] }),
    "mean must be numbers",
  ],
  ["a negative variance", () => new Normalization({ mean: 0, variance: -1 }), "variance must be numbers >= 0"],
  [
    "statistics for other axes",
    () => new Normalization({ mean: [1, 2], variance: [1, 2] }).apply(ones([4, 3])),
    "the given mean does not fit the axes that keep statistics",
  ],
  ["adapting to a promise", () => new Normalization().adapt(Promise.resolve() as never), "got an instance of Promise"],
  ["more scales than channels", () => new Rescaling([1, 2, 3]).apply(ones([2, 1])), "its numbers do not fit the input"],
  ["options twice", () => new MaxPooling2D({ poolSize: 2 }, { strides: 1 }), 'unknown option "strides"'],
  ["options twice in a flip", () => new RandomFlip({ mode: "vertical" }, { seed: 1 }), 'unknown option "seed"'],
  ["an input of nothing", () => input(null as never), "InputLayer: options must be an object, got null"],
  [
    "an input with two shapes",
    () => input({ shape: [2], batchShape: [null, 2] }),
    "batchShape is given in place of shape",
  ],
  ["a batch of half a sample", () => input({ shape: [2], batchSize: 0.5 }), "batchSize must be a list of integers"],
  [
    "training that is a word",
    () => new Dropout(0.5).apply(ones([2]), { training: "yes" as never }),
    "must be true or false",
  ],
  ["a mistyped option of a call", () => new Dropout(0.5).apply(ones([2]), { trainng: true } as never), '"training"?'],
  [
    "a call that gives a number",
    () => fixed(new Own(() => 5)),
    "call must return a tensor or a list of tensors, got 5",
  ],
  ["a call that gives nothing", () => new Own(() => undefined).apply(ones([1, 2])), "got undefined"],
  ["a call that waits", () => new Own(async x => x).apply(ones([1, 2])), "call is synchronous: take async away"],
  [
    "a layer that nobody holds",
    () => {
      class Careless extends Layer {
        override call(x: Tensor): Tensor {
          return new Dense(2).apply(x)
        }
      }
      fixed(new Careless())
    },
    /careless: applies "dense", which is not among its layers[\s\S]*in {7}model\/careless/,
  ],
  ["a loss that is a number", () => addLoss(5 as never), "addLoss: takes a scalar tensor, got 5"],
  [
    "a regularizer that gives a matrix",
    () => fixed(new Dense(1, { kernelRegularizer: w => w, name: "d" })).penalties(),
    'the regularizer of "d/kernel" must give a scalar tensor, got one of shape [3, 1]',
  ],
  [
    "a regularizer of an output that gives a number",
    () => new Dense(1, { activityRegularizer: (() => 5) as never }).apply(ones([1, 3])),
    "the regularizer of the output must give a scalar tensor, got 5",
  ],
  [
    "a constraint that gives nothing",
    () => fixed(new Dense(1, { kernelConstraint: (() => undefined) as never })).weights[0]!.constrain(),
    'the constraint of "dense/kernel" must give a tensor of shape [3, 1], got undefined',
  ],
  [
    "a bottleneck of inputs that are not equally many",
    () => bottleneck(twoInputs(), "sum", [ones([2, 3]), ones([4, 3])]),
    "the inputs do not have equally many samples",
  ],
  ["weights for a layer without", () => new Dense(2).setWeights([[1]]), "build(inputShape) makes the weights"],
  ["ragged weights", () => dense().setWeights([[[1, 2], [3]] as never, [0, 0]]), 'the values for "d/kernel"'],
  [
    "another input in a second model",
    () => new Sequential([input({ shape: [4] }), dense()]),
    "was built for another input",
  ],
  ["another input, symbolically", () => dense().apply(input({ shape: [4] })), "was built for another input"],
  ["building again for another input", () => fixed(new Dense(2)).build([null, 4]), "the input does not have its shape"],
  [
    "another input than the model's, though its layers take it",
    () => new Sequential([input({ shape: [3, 4] }), new Flatten(), new Dense(2)]).apply(ones([2, 12])),
    "the input does not have its shape",
  ],
  [
    "an input given twice",
    () => {
      const x = input({ shape: [2] })
      return new Model({ inputs: [x, x], outputs: new Dense(1).apply(x) })
    },
    "an input is given twice",
  ],
  ["freezing a layer", () => freeze(new Dense(1) as never), "freeze: expects a model, got an instance of Dense"],
  [
    "freezing by a number",
    () => freeze(fixed(new Dense(1)), 5 as never),
    "chosen by a prefix, a function or a list, got 5",
  ],
  ["cloning nothing", () => cloneModel(undefined as never), "cloneModel: expects a model, got undefined"],
  [
    "cloning what takes no options",
    () => cloneModel(new Wide(3)),
    "wide cannot be made again from its options: Dense: units",
  ],
  ["matching before building", () => loadMatching(new Sequential([new Dense(1)]), {}), "has no weights yet"],
  ["statistics of nothing", () => activationStatistics(fixed(new Dense(1)), zeros([0, 3])), "there are no samples"],
  [
    "a custom class that is none",
    () => deserialize({ class_name: "X", config: {} }, { X: 5 }),
    '"X" is 5, not a class',
  ],
  [
    "a key of every object's",
    () => deserialize({ class_name: "Dense", config: JSON.parse('{ "units": 1, "__proto__": 1 }') }),
    "Dense: unknown option",
  ],
  ["a name of every object's", () => new Activation({ class_name: "constructor", config: { a: 1 } }), "unknown"],
  [
    "models inside models without end",
    () => {
      let config: object = { class_name: "Dense", config: { units: 1 } }
      for (let i = 0; i < 20_000; i++) config = { class_name: "Sequential", config: { layers: [config] } }
      deserialize(config)
    },
    "nested too deeply",
  ],
  [
    "layers inside layers without end",
    () => {
      let layer: Layer = new Dense(2)
      for (let i = 0; i < 5000; i++) layer = new Sequential([layer])
      layer.build([null, 2])
    },
    "nested too deeply",
  ],
]

describe("a mistake is answered by a sentence", () => {
  it.each(mistakes)("%s", (_, fn, message) => {
    expect(fn).toThrow(message)
    expect(fn).toThrow(SelvedgeError)
  })
})

describe("a mistake leaves things as they were", () => {
  it("a layer that cannot be added is not in the model", () => {
    const model = fixed(new Dense(2))
    expect(() => model.add(dense())).toThrow(/was built for another input[\s\S]*in {7}model\/d \(Dense\)/)
    expect(model.layers.length).toBe(1)
    expect(model.apply(ones([1, 3])).shape).toEqual([1, 2])
  })

  it("lists that a layer was made from may change afterwards", () => {
    const [dims, shape, mean] = [[2, 1], [2, 3], [1]]
    const [permute, reshape] = [new Permute(dims), new Reshape(shape)]
    const normalization = new Normalization({ mean, variance: [1] })
    dims[0] = 7
    shape.push(9)
    mean[0] = 100
    expect(permute.dims).toEqual([2, 1])
    expect(reshape.apply(ones([1, 6])).shape).toEqual([1, 2, 3])
    expect([...normalization.apply(tensor([[3]])).read()]).toEqual([2])
  })

  it("an empty batch moves no statistics", () => {
    const layer = new BatchNormalization()
    expect(layer.apply(zeros([0, 2]), { training: true }).shape).toEqual([0, 2])
    expect(layer.getWeights().map(w => [...w])).toEqual([
      [1, 1],
      [0, 0],
      [0, 0],
      [1, 1],
    ])
  })
})

describe("what is no mistake", () => {
  it("layers in lists of lists, maps and plain objects, in circles too", () => {
    class Holder extends Layer {
      readonly lists = [[new Dense(3)]]
      readonly byName = new Map([["b", new Dense(3)]])
      readonly parts: Record<string, unknown> = { c: new Dense(3) }
      override call(x: Tensor): Tensor {
        this.parts.self = this.parts
        return [...this.sublayers()].reduce((h, layer) => layer.apply(h), x)
      }
    }
    const model = fixed(new Holder())
    expect(model.weights.length).toBe(6)
    expect(model.apply(ones([2, 3])).shape).toEqual([2, 3])
  })

  it("a frozen model that a layer asks without holding it", () => {
    const teacher = fixed(new Dense(3))
    teacher.trainable = false
    expect(fixed(new Own(x => teacher.apply(x))).apply(ones([2, 3])).shape).toEqual([2, 3])
  })

  it("a bottleneck of several inputs", () => {
    const model = twoInputs()
    const { head, data } = bottleneck(model, "sum", [ones([5, 3]), ones([5, 3])], { batchSize: 2 })
    expect([...data.read()]).toEqual(Array(15).fill(2))
    const whole = model.call([ones([5, 3]), ones([5, 3])])
    expect(isTensor(whole) && [...whole.read()]).toEqual([...head.apply(data).read()])
  })

  it("a model built from data of one shape is built again for another that its layers take", () => {
    const model = new Sequential([new Flatten(), new Dense(2)])
    expect(model.apply(ones([1, 3, 4])).shape).toEqual([1, 2])
    model.build([null, 12])
    expect(model.inputLayer?.batchShape).toEqual([null, 12])
    expect(() => model.build([null, 5])).toThrow("was built for another input")
  })

  it("a batch of another size than was said", () => {
    const x = input({ batchShape: [4, 2] })
    expect(new Model({ inputs: x, outputs: new Dense(1).apply(x) }).apply(ones([3, 2])).shape).toEqual([3, 1])
  })

  it("a functional model that begins at another's layer comes back from its config", () => {
    const hidden = new Dense(3).apply(input({ shape: [2] }))
    const model = new Model({ inputs: hidden, outputs: new Dense(1).apply(hidden) })
    const again = deserialize(JSON.parse(JSON.stringify(serialize(model))))
    again.setWeights(model.getWeights())
    const y = (m: Layer) => [...m.apply(ones([2, 3])).read()]
    expect(y(again)).toEqual(y(model))
  })

  it("a model of one's own is cloned with its weights", () => {
    class Two extends Model {
      readonly hidden = new Dense(4)
      override call(x: Tensor): Tensor {
        return this.hidden.apply(x)
      }
    }
    const model = new Two()
    const y = model.apply(ones([1, 2]))
    const copy = cloneModel(model, { weights: true })
    expect(isTensor(y) && [...y.read()]).toEqual([...copy.apply(ones([1, 2])).read()])
    const built = new Two()
    built.build([null, 2])
    expect(built.weights.map(w => w.shape)).toEqual([[2, 4], [4]])
  })

  it("a class without a name goes by its base's", () => {
    const make = () => class extends Dense {}
    const Anonymous = make()
    expect(new Anonymous(2).name).toBe("dense")
    expect(serialize(new Anonymous(2)).class_name).toBe("Dense")
  })
})
