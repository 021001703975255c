import { OptionError } from "@selvedge/core"
import {
  fashionClassNames,
  type ImageDataset,
  scaleImages,
  shapeClassNames,
  syntheticGarments,
  syntheticImages,
} from "@selvedge/datasets"
import { describe, expect, it } from "vitest"
import { sha256 } from "./helpers.ts"

describe.each([
  { name: "syntheticGarments", make: syntheticGarments, size: 784, names: fashionClassNames, hash: "29f334c0959da5f7" },
  { name: "syntheticImages", make: syntheticImages, size: 3072, names: shapeClassNames, hash: "2b52533f84495c83" },
])("$name", ({ make, size, names, hash }) => {
  it("draws the same bytes from the same seed on every engine", () => {
    const { train, test } = make({ train: 300, test: 100, seed: 42 })
    const all = Buffer.concat([train.images, train.labels, test.images, test.labels])
    expect(sha256(all).slice(0, 16)).toBe(hash)
  })

  it("draws image n whatever the number of images, and other ones from other seeds and for the test", () => {
    const many = make({ train: 60, test: 60, seed: 0 })
    const few = make({ train: 20, test: 0, seed: 0 })
    expect(few.test.shape[0]).toBe(0)
    expect(Buffer.compare(few.train.images, many.train.images.subarray(0, 20 * size))).toBe(0)
    expect(Buffer.compare(few.train.labels, many.train.labels.subarray(0, 20))).toBe(0)
    const seen = new Set<string>()
    for (const part of [many.train, many.test, make({ train: 60, test: 0, seed: 1 }).train]) {
      for (let n = 0; n < 60; n++) seen.add(sha256(part.images.subarray(n * size, (n + 1) * size)))
    }
    expect(seen.size).toBe(180)
  })

  it("has all ten classes about equally often, and says that it is synthetic", () => {
    const set = make({ train: 5000, test: 10 })
    expect(set.source).toBe("synthetic")
    expect(set.description).toMatch(/^synthetic .*5000 training and 10 test images, seed 42$/)
    expect(set.classNames).toBe(names)
    const counts = Array(10).fill(0)
    for (const label of set.train.labels) counts[label]++
    // Five standard deviations of a binomial count.
    for (const count of counts) expect(Math.abs(count - 500)).toBeLessThan(5 * Math.sqrt(5000 * 0.1 * 0.9))
  })

  it("refuses wrong options", () => {
    expect(() => make({ train: -1 })).toThrow(OptionError)
    expect(() => make({ test: 1.5 })).toThrow(OptionError)
    expect(() => make({ seed: -1 })).toThrow(OptionError)
    expect(() => make(JSON.parse('{"sead": 1}'))).toThrow(/"sead", did you mean "seed"/)
  })
})

it("a garment fills a good part of its image on a black ground", () => {
  const { train } = syntheticGarments({ train: 2000, test: 0 })
  const bright = train.images.filter(pixel => pixel > 20).length / train.images.length
  const black = train.images.filter(pixel => pixel === 0).length / train.images.length
  expect(bright).toBeGreaterThan(0.25)
  expect(black).toBeGreaterThan(0.4)
  for (let n = 0; n < 2000; n++) expect(Math.max(...train.images.subarray(n * 784, (n + 1) * 784))).toBeGreaterThan(50)
})

it("garments can be learnt by a linear model, but not well", () => {
  const accuracy = linearAccuracy(syntheticGarments({ train: 12_000, test: 3000 }))
  expect(accuracy).toBeGreaterThan(0.75)
  expect(accuracy).toBeLessThan(0.9)
})

/** Test accuracy of softmax regression, trained by gradient descent on one image at a time. */
function linearAccuracy({ train, test }: ImageDataset): number {
  const x = scaleImages(train.images)
  const w = new Float64Array(785 * 10)
  const logits = new Float64Array(10)
  const score = (images: Float32Array, n: number) => {
    for (let k = 0; k < 10; k++) logits[k] = w[7840 + k]
    for (let p = 0; p < 784; p++) {
      const pixel = images[n * 784 + p]
      if (pixel !== 0) for (let k = 0; k < 10; k++) logits[k] += pixel * w[10 * p + k]
    }
  }
  for (let step = 0; step < 12_000 * 8; step++) {
    const n = (step * 7919) % 12_000
    const rate = step < 12_000 * 6 ? 0.02 : 0.003
    score(x, n)
    const top = Math.max(...logits)
    const sum = logits.reduce((a, z) => a + Math.exp(z - top), 0)
    const error = logits.map((z, k) => rate * (Math.exp(z - top) / sum - (k === train.labels[n] ? 1 : 0)))
    for (let p = 0; p < 784; p++) {
      const pixel = x[n * 784 + p]
      if (pixel !== 0) for (let k = 0; k < 10; k++) w[10 * p + k] -= pixel * error[k]
    }
    for (let k = 0; k < 10; k++) w[7840 + k] -= error[k]
  }
  const images = scaleImages(test.images)
  let right = 0
  for (const [n, label] of test.labels.entries()) {
    score(images, n)
    if (logits.indexOf(Math.max(...logits)) === label) right++
  }
  return right / test.labels.length
}
