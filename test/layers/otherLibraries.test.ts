import { backward, isTensor, ones, sigmoid, softplus, sum, type Tensor, tensor } from "@selvedge/core"
import {
  AlphaDropout,
  BatchNormalization,
  Dense,
  Dropout,
  deserialize,
  getInitializer,
  HeNormal,
  input,
  LayerNormalization,
  RandomNormal,
  Sequential,
  Softmax,
  TruncatedNormal,
} from "@selvedge/layers"
import { describe, expect, it } from "vitest"

// What other JavaScript libraries got wrong, one test each, with where it was found. The versions are those of 2026.
// Mistakes of training (constraints that fit never applies, unseeded shuffles, val_loss without penalties,
// restoreBestWeights) are in test/trainer/otherLibraries.test.ts.

const one = (y: Tensor | readonly Tensor[]): Tensor => {
  if (!isTensor(y)) throw new Error("one output is expected")
  return y
}
const moments = (x: ArrayLike<number>) => {
  const all = Array.from(x)
  const mean = all.reduce((sum, v) => sum + v, 0) / all.length
  return { mean, std: Math.sqrt(all.reduce((sum, v) => sum + (v - mean) ** 2, 0) / all.length) }
}

describe("@tensorflow/tfjs-layers 4.22", () => {
  // layers/noise.ts: (kept - 1) * alphaPrime for Keras's alphaPrime * (1 - kept): dropped units went to +1.758.
  it("gave alpha dropout the wrong sign: N(0, 1) came out with mean 0.32 at rate 0.1", () => {
    const x = new RandomNormal({ stddev: 1, seed: 1 }).call([1_000_000])
    for (const rate of [0.05, 0.1, 0.5]) {
      const { mean, std } = moments(one(new AlphaDropout(rate, { seed: 2 }).call(x, { training: true })).read())
      expect(Math.abs(mean)).toBeLessThan(0.005)
      expect(Math.abs(std - 1)).toBeLessThan(0.005)
    }
    const dropped = one(new AlphaDropout(0.5, { seed: 3 }).call(tensor([...Array(100).fill(1)]), { training: true }))
    expect(Math.min(...dropped.read())).toBeCloseTo(-0.7791939305, 6)
  })

  // initializers.ts, VarianceScaling.apply: no division by 0.8796, so he_normal had 77 % of its variance.
  it("did not correct truncated normals: he, lecun and glorot normal were 12 % too narrow", () => {
    for (const [name, variance] of [
      ["he_normal", 2 / 400],
      ["lecun_normal", 1 / 400],
      ["glorot_normal", 2 / 700],
    ] as const) {
      const { std } = moments(getInitializer(name).call([400, 300]).read())
      expect(std / Math.sqrt(variance)).toBeCloseTo(1, 2)
    }
    // TruncatedNormal itself is not corrected in Keras either.
    expect(moments(new TruncatedNormal({ stddev: 1 }).call([400, 300]).read()).std).toBeCloseTo(0.8796, 2)
  })

  // tfjs #2868, open since 2020: this.gamma.read() of undefined.
  it("threw for batch normalisation without scale or center in training", () => {
    for (const options of [{ scale: false }, { center: false }, { scale: false, center: false }]) {
      const layer = new BatchNormalization(options)
      const y = layer.apply(
        tensor([
          [1, 2],
          [3, 6],
        ]),
        { training: true },
      )
      expect(Math.abs(moments(y.read()).mean)).toBeLessThan(1e-6)
      expect(layer.weights.length).toBe(4 - Object.keys(options).length)
    }
    expect(new LayerNormalization({ scale: false, center: false }).apply(tensor([[1, 2]])).shape).toEqual([1, 2])
  })

  // BatchNormalization.call never looked at `trainable`.
  it("moved the statistics of a frozen batch normalisation, and used the batch's own", () => {
    const layer = new BatchNormalization()
    layer.build([null, 2])
    layer.trainable = false
    const before = layer.getWeights()
    const y = one(
      layer.call(
        tensor([
          [1, 2],
          [3, 6],
        ]),
        { training: true },
      ),
    )
    expect(layer.getWeights()).toEqual(before)
    expect(y.read()[3]).toBeCloseTo(6 / Math.sqrt(1 + 1e-3), 5)
  })

  // Dropout made a new generator from its seed at each call.
  it("repeated the mask of a seeded dropout at every batch", () => {
    const layer = new Dropout(0.5, { seed: 7 })
    const masks = [1, 2, 3].map(() =>
      one(layer.call(ones([200]), { training: true }))
        .read()
        .join(),
    )
    expect(new Set(masks).size).toBe(3)
  })

  // initializers.ts: `seed ? seed : Math.random()`.
  it("took a seed of 0 for none", () => {
    const draw = () => new RandomNormal({ seed: 0 }).call([50]).read()
    expect(draw()).toEqual(draw())
    expect(new HeNormal({ seed: 0 }).call([5, 5]).read()).toEqual(new HeNormal({ seed: 0 }).call([5, 5]).read())
    const model = () => new Sequential([input({ shape: [3] }), new Dense(2)], { seed: 0 }).getWeights()
    expect(model()).toEqual(model())
    const mask = () => one(new Dropout(0.5, { seed: 0 }).call(ones([100]), { training: true })).read()
    expect(mask()).toEqual(mask())
  })

  // The doc said axis -1, the code had 1.
  it("took softmax along axis 1 for tensors of rank 3", () => {
    const y = one(
      new Softmax().call(
        tensor([
          [
            [1, 2, 3],
            [4, 5, 6],
          ],
        ]),
      ),
    )
    expect(y.read()[0] + y.read()[1] + y.read()[2]).toBeCloseTo(1, 6)
  })

  // A Keras 3 config was read with the default slope.
  it("dropped Keras 3's negative_slope in silence", () => {
    for (const config of [{ negative_slope: 0.05 }, { alpha: 0.05 }]) {
      const layer = deserialize({ class_name: "LeakyReLU", config })
      expect(one(layer.call(tensor([-1]))).item()).toBeCloseTo(-0.05, 7)
    }
    expect(() => deserialize({ class_name: "LeakyReLU", config: { slope: 0.05 } })).toThrow('unknown option "slope"')
  })
})

describe("libraries that compose stable functions from parts", () => {
  // sigmoid as 1 / (1 + exp(-x)) has the gradient inf * 0 at -100.
  it("gave NaN for the gradients of sigmoid and softplus at -100", () => {
    for (const op of [sigmoid, softplus]) {
      const x = tensor([-100, -88, 88, 100], [4], { requiresGrad: true })
      backward(sum(op(x)))
      expect([...x.grad!.read()].every(Number.isFinite)).toBe(true)
      expect(x.grad!.read()[0]).toBeCloseTo(0, 10)
    }
  })
})
