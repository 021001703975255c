import { isTensor, setSeed, setThreads, tensor, withRandom } from "@selvedge/core"
import { AlphaDropout, Dropout, GaussianNoise, input, layerIds, RandomFlip, Sequential } from "@selvedge/layers"
import { describe, expect, it } from "vitest"

const ones = (...shape: number[]) => tensor(new Float32Array(shape.reduce((p, n) => p * n, 1)).fill(1), shape)
const mask = (layer: { call(x: never, o: { training: boolean }): unknown }, x = ones(1000)) => {
  const y = layer.call(x as never, { training: true })
  if (!isTensor(y)) throw new Error("one output is expected")
  return [...y.read()]
}
const correlation = (a: number[], b: number[]) => {
  const mean = (x: number[]) => x.reduce((sum, v) => sum + v, 0) / x.length
  const [ma, mb] = [mean(a), mean(b)]
  const product = (x: number[], mx: number, y: number[], my: number) =>
    x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0)
  return product(a, ma, b, mb) / Math.sqrt(product(a, ma, a, ma) * product(b, mb, b, mb))
}

describe.each([
  ["Dropout", (options: object) => new Dropout(0.5, options)],
  ["AlphaDropout", (options: object) => new AlphaDropout(0.5, options)],
  ["GaussianNoise", (options: object) => new GaussianNoise(0.5, options)],
])("%s", (_, make) => {
  it("never repeats its mask, with a seed of its own or without", () => {
    for (const layer of [make({}), make({ seed: 0 }), make({ seed: 42 })]) {
      const [a, b, c] = [mask(layer), mask(layer), mask(layer)]
      for (const [p, q] of [
        [a, b],
        [b, c],
        [a, c],
      ])
        expect(Math.abs(correlation(p, q))).toBeLessThan(0.16)
    }
  })

  it("gives the same masks again for the same seed", () => {
    const masks = (seed: number) => {
      const layer = make({ seed })
      return [mask(layer), mask(layer)]
    }
    expect(masks(0)).toEqual(masks(0))
    expect(masks(1)).toEqual(masks(1))
    expect(masks(0)).not.toEqual(masks(1))
  })

  it("is independent of other layers and of the step", () => {
    const [one, two] = [make({}), make({})]
    const model = new Sequential([one, two])
    const ids = layerIds(model)
    const at = (step: number, layer: typeof one) =>
      withRandom({ seed: 1, purpose: "training", position: [step], idOf: owner => ids.get(owner as never) }, () =>
        mask(layer),
      )
    expect(at(3, one)).toEqual(at(3, one))
    expect(Math.abs(correlation(at(3, one), at(4, one)))).toBeLessThan(0.16)
    expect(Math.abs(correlation(at(3, one), at(3, two)))).toBeLessThan(0.16)
  })

  it("gives the same mask for any number of threads", () => {
    const at = () =>
      withRandom({ seed: 9, purpose: "training", position: [1] }, () => mask(make({ name: "r" }), ones(64, 500)))
    const alone = at()
    setThreads(4)
    try {
      expect(at()).toEqual(alone)
    } finally {
      setThreads(1)
    }
  })

  it("follows setSeed outside of a trainer", () => {
    const masks = (seed: number) => {
      setSeed(seed)
      return mask(make({}))
    }
    expect(masks(5)).toEqual(masks(5))
    expect(masks(5)).not.toEqual(masks(6))
  })
})

it("Dropout shares its mask along axes of its noise shape", () => {
  const y = mask(new Dropout(0.5, { noiseShape: [null, 1, null], seed: 3 }), ones(4, 5, 6))
  for (let b = 0; b < 4; b++) {
    for (let i = 1; i < 5; i++)
      expect(y.slice((b * 5 + i) * 6, (b * 5 + i + 1) * 6)).toEqual(y.slice(b * 30, b * 30 + 6))
  }
  expect(new Set(y)).toEqual(new Set([0, 2]))
})

it("Dropout at the ends of its range keeps everything or nothing", () => {
  expect(new Set(mask(new Dropout(0)))).toEqual(new Set([1]))
  expect(new Set(mask(new Dropout(1)))).toEqual(new Set([0]))
})

it("RandomFlip mirrors about half of the images, and nothing else", () => {
  const images = 400
  const x = tensor(
    Float32Array.from({ length: images * 6 }, (_, i) => i % 6),
    [images, 2, 3, 1],
  )
  const y = mask(new RandomFlip("horizontal", { seed: 1 }), x)
  const kinds = Array.from({ length: images }, (_, i) => y.slice(6 * i, 6 * i + 6).join(""))
  expect(new Set(kinds)).toEqual(new Set(["012345", "210543"]))
  const share = kinds.filter(kind => kind === "210543").length / images
  expect(Math.abs(share - 0.5)).toBeLessThan((5 * 0.5) / Math.sqrt(images))
})

it("layers inside a model do nothing outside of training", () => {
  const model = new Sequential([input({ shape: [4] }), new Dropout(0.5), new GaussianNoise(0.5)])
  expect(mask({ call: x => model.call(x, { training: false }) }, ones(2, 4))).toEqual(Array(8).fill(1))
})
