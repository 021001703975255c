import { memory, type Tensor, tensor } from "@selvedge/core"
import { Add, BatchNormalization, Dense, Dropout, input, Model, Sequential } from "@selvedge/layers"
import { compile } from "@selvedge/trainer"
import ndarray from "ndarray"
import { describe, expect, it } from "vitest"

const data = Float32Array.from({ length: 70 * 3 }, (_, i) => ((i * 7) % 11) / 5 - 1)
const x = { data, shape: [70, 3] }
const values = (y: Tensor | Tensor[]) => [y].flat().map(one => [one.shape, [...one.data]])
const small = () =>
  new Sequential(
    [new Dense(4, { activation: "tanh", inputShape: [3] }), new BatchNormalization(), new Dropout(0.5), new Dense(2)],
    { seed: 9 },
  )

describe("model.predict", () => {
  it("gives what a trainer's predict gives, without compile, from whatever holds the numbers", async () => {
    const model = small()
    const want = values(await compile(model, { loss: "mse" }).predict(x))
    expect(want[0]![0]).toEqual([70, 2])
    const rows = Array.from({ length: 70 }, (_, i) => [...data.subarray(3 * i, 3 * i + 3)])
    for (const given of [x, rows, tensor(data, [70, 3]), ndarray(data, [70, 3])]) {
      expect(values(await model.predict(given))).toEqual(want)
    }
    const columns = Float32Array.from({ length: 210 }, (_, i) => data[(i % 70) * 3 + Math.floor(i / 70)]!)
    expect(values(await model.predict(ndarray(columns, [3, 70]).transpose(1, 0)))).toEqual(want)
    expect(values(await model.predict(x, { batchSize: 70 }))[0]![0]).toEqual([70, 2])
  })

  it("draws dropout anew with training: true, and changes nothing of the model", async () => {
    const model = small()
    const before = model.weights.map(w => [...w.read()])
    const [a, b] = [await model.predict(x, { training: true }), await model.predict(x, { training: true })]
    expect(values(a)).not.toEqual(values(b))
    expect(model.weights.map(w => [...w.read()])).toEqual(before)
  })

  it("builds a model at its first data, and gives its memory back", async () => {
    const sessions = memory().sessions
    const model = new Sequential([new Dense(2)], { seed: 1 })
    expect(values(await model.predict([[1, 2, 3]]))[0]![0]).toEqual([1, 2])
    expect(memory().sessions).toBe(sessions)
  })

  it("takes several inputs by name or as a list, and gives several outputs", async () => {
    const [a, b] = [input({ shape: [1], name: "a" }), input({ shape: [1], name: "b" })]
    const sum = new Add().apply([a, b])
    const model = new Model({ inputs: [a, b], outputs: [sum, a] })
    const want = [
      [
        [2, 1],
        [4, 6],
      ],
      [
        [2, 1],
        [1, 2],
      ],
    ]
    expect(
      values(
        await model.predict([
          [[1], [2]],
          [[3], [4]],
        ]),
      ),
    ).toEqual(want)
    expect(values(await model.predict({ b: [[3], [4]], a: [[1], [2]] }))).toEqual(want)
    await expect(model.predict([[[1]], [[3], [4]]])).rejects.toThrow("not have equally many examples")
    await expect(model.predict([[1]])).rejects.toThrow("predict: expects 2 arrays")
  })

  it("says what is wrong", async () => {
    const model = small()
    await expect(model.predict([])).rejects.toThrow("predict: there are no examples")
    await expect(model.predict("x" as never)).rejects.toThrow('cannot read numbers from x, which is "x"')
    await expect(model.predict(x, { batchsize: 3 } as never)).rejects.toThrow('did you mean "batchSize"?')
    await expect(model.predict([[1, 2]])).rejects.toThrow("expects 3 features, the input has 2")
  })
})
