import { OptionError, ShapeError } from "@selvedge/core"
import { scaleImages, sliceImages, splitDataset, standardize } from "@selvedge/datasets"
import { describe, expect, it } from "vitest"

const set = {
  images: Uint8Array.from({ length: 24 }, (_, i) => i),
  labels: Uint8Array.of(0, 5, 6, 7, 9, 4),
  shape: [6, 2, 2],
}

describe("sliceImages", () => {
  it("counts as Array.slice does", () => {
    const all = [0, 1, 2, 3, 4, 5]
    for (const begin of [0, 2, 6, 9, -2, -9]) {
      for (const end of [undefined, 0, 4, 9, -1]) {
        const part = sliceImages(set, begin, end)
        const rows = all.slice(begin, end)
        expect(part.shape).toEqual([rows.length, 2, 2])
        expect([...part.labels]).toEqual(rows.map(row => set.labels[row]))
        expect([...part.images]).toEqual(rows.flatMap(row => [...set.images.subarray(4 * row, 4 * row + 4)]))
      }
    }
  })
})

it("scaleImages divides in float32 as NumPy does", () => {
  const scaled = scaleImages(Uint8Array.from({ length: 256 }, (_, i) => i))
  expect(scaled[0]).toBe(0)
  expect(scaled[255]).toBe(1)
  // numpy: (np.float32(p) / np.float32(255)).view(np.uint32)
  const bits = new Uint32Array(scaled.buffer)
  expect([1, 7, 85, 128, 254].map(p => bits[p])).toEqual([998277249, 1021370593, 1051372203, 1056997505, 1065287423])
})

describe("standardize", () => {
  it("agrees with the definition, leaves its input alone and survives a constant pixel", () => {
    const train = Float32Array.of(1, 7, 2, 7, 6, 7)
    const { train: z, others, mean, std } = standardize(train, [Float32Array.of(3, 8)], 2)
    expect([...mean]).toEqual([3, 7])
    expect([...std]).toEqual([Math.fround(Math.sqrt(14 / 3)), 0])
    const unit = Math.sqrt(14 / 3)
    for (const [i, value] of [-2, 0, -1, 0, 3, 0].entries()) expect(z[i]).toBeCloseTo(i % 2 ? value : value / unit, 6)
    expect([...others[0]]).toEqual([0, 1])
    expect([...train]).toEqual([1, 7, 2, 7, 6, 7])
  })

  it("keeps sums exact where float32 sums would drift", () => {
    const train = new Float32Array(60_000).fill(0.1)
    train[0] = 50
    const { mean } = standardize(train, [], 1)
    expect(mean[0]).toBe(Math.fround((59_999 * Math.fround(0.1) + 50) / 60_000))
  })

  it("refuses parts of images", () => {
    expect(() => standardize(new Float32Array(5), [], 2)).toThrow(ShapeError)
    expect(() => standardize(new Float32Array(4), [new Float32Array(3)], 2)).toThrow(ShapeError)
    expect(() => standardize(new Float32Array(0), [], 2)).toThrow(ShapeError)
  })
})

describe("splitDataset", () => {
  it("moves sandals and shirts to B and closes the gap in A", () => {
    const { A, B } = splitDataset(set.images, set.labels)
    expect([...A.labels]).toEqual([0, 5, 7, 4])
    expect([...A.images.subarray(4, 8)]).toEqual([12, 13, 14, 15])
    expect(B.labels).toEqual(Float32Array.of(0, 1))
    expect([...B.images]).toEqual([4, 5, 6, 7, 8, 9, 10, 11])
    const floats = splitDataset(Float32Array.from(set.images), set.labels)
    expect(floats.B.images).toBeInstanceOf(Float32Array)
    A.images.fill(0)
    expect(set.images[4]).toBe(4)
  })

  it("refuses labels and lengths that cannot be", () => {
    expect(() => splitDataset(set.images, Uint8Array.of(1, 2, 3, 4, 10, 1))).toThrow(OptionError)
    expect(() => splitDataset(set.images.subarray(1), set.labels)).toThrow(ShapeError)
    expect(() => splitDataset(new Uint8Array(0), new Uint8Array(0))).toThrow(ShapeError)
  })
})
