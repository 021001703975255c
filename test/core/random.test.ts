import { fillTruncatedNormal, fillUniform, setKernels, withFloat64 } from "@selvedge/core"
import { afterEach, describe, expect, it } from "vitest"
import { OptionError } from "../../packages/core/src/errors.ts"
import {
  drawStream,
  enterRandom,
  freeCalls,
  getSeed,
  type RandomContext,
  setFreeCalls,
  setSeed,
  withRandom,
} from "../../packages/core/src/random/context.ts"
import { fillWords, mulHigh, philox } from "../../packages/core/src/random/philox.ts"
import { Stream, stream } from "../../packages/core/src/random/stream.ts"

/** Random123's tests/kat_vectors, the three lines "philox4x32 10": counter, key, result. */
const knownAnswers = [
  "00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
  "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd",
  "243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1",
].map(line => line.split(" ").map(hex => Number.parseInt(hex, 16)))

describe("philox", () => {
  it("gives Random123's known answers", () => {
    for (const [c0, c1, c2, c3, k0, k1, ...answer] of knownAnswers) {
      const out = new Uint32Array(6)
      philox(c0, c1, c2, c3, k0, k1, out, 1)
      expect([...out]).toEqual([0, ...answer, 0])
    }
  })

  it("multiplies 32 by 32 bits exactly", () => {
    const words = [0, 1, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffeffff, 0xffffffff, 0xd2511f53, 0xcd9e8d57]
    for (const a of words) {
      for (const b of words) expect(mulHigh(a, b) >>> 0).toBe(Number((BigInt(a) * BigInt(b)) >> 32n))
    }
  })

  it("fills any stretch of a stream alike", () => {
    const key: [number, number] = [1, 2]
    const counter: [number, number, number, number] = [0, 3, 4, 5]
    const whole = new Uint32Array(40)
    fillWords(whole, 0, 40, key, counter)
    const block = new Uint32Array(4)
    philox(2, 3, 4, 5, 1, 2, block, 0)
    expect([...whole.subarray(8, 12)]).toEqual([...block])
    for (let first = 0; first < 9; first++) {
      for (let count = 0; count < 12; count++) {
        const part = new Uint32Array(14).fill(7)
        fillWords(part, first, count, key, counter)
        expect([...part]).toEqual([...whole.subarray(first, first + count), ...new Array(14 - count).fill(7)])
      }
    }
  })
})

type Fill = (s: Stream, length: number, first: number) => ArrayLike<number>
const fills: Record<string, Fill> = {
  raw: (s, length, first) => s.raw(new Uint32Array(length), first),
  uniform: (s, length, first) => s.uniform(new Float32Array(length), first),
  normal: (s, length, first) => s.normal(new Float32Array(length), first),
  truncatedNormal: (s, length, first) => s.truncatedNormal(new Float32Array(length), first),
  integers: (s, length, first) => s.integers(new Uint32Array(length), 3_000_000 * 500, first),
}

describe("a stream", () => {
  for (const [name, fill] of Object.entries(fills)) {
    it(`${name}: any chunking gives the same numbers`, () => {
      const s = stream(42, "test", name, 3, 1)
      const whole = Array.from(fill(s, 5000, 0))
      for (const size of [1, 3, 7, 1023, 1024, 1025, 4999]) {
        const parts: number[] = []
        for (let first = 0; first < 5000; first += size) {
          parts.push(...Array.from(fill(s, Math.min(size, 5000 - first), first)))
        }
        expect(parts, `chunks of ${size}`).toEqual(whole)
      }
      expect(new Set(whole).size).toBeGreaterThan(4900)
    })

    it(`${name}: every part of its name matters`, () => {
      const base = { seed: 5, purpose: "training", id: "dropout", position: [1, 2, 3] }
      const variants = [
        base,
        { ...base, seed: 6 },
        { ...base, seed: 5 + 2 ** 32 },
        { ...base, seed: 0 },
        { ...base, purpose: "validation" },
        { ...base, id: "dropout_1" },
        { ...base, purpose: "trainingd", id: "ropout" },
        { ...base, position: [0, 2, 3] },
        { ...base, position: [1, 0, 3] },
        { ...base, position: [1, 2] },
        { ...base, position: [2, 1, 3] },
      ]
      const texts = variants.map(options => Array.from(fill(new Stream(options), 8, 0)).join(" "))
      expect(new Set(texts).size).toBe(variants.length)
      expect(Array.from(fill(new Stream({ ...base }), 8, 0)).join(" ")).toBe(texts[0])
    })
  }

  it("exposes the key and counter its numbers are made from", () => {
    const s = stream(7, "training", "dropout", 11, 2)
    const block = new Uint32Array(4)
    philox(5, s.counter[1], s.counter[2], s.counter[3], s.key[0], s.key[1], block, 0)
    expect(s.counter).toEqual([0, 11, 2, 0])
    const expected = [...block].map(word => Math.floor(word / 256) / 16777216)
    expect([...s.uniform(new Float32Array(4), 20)]).toEqual(expected)
  })

  it("never changes its numbers from version to version", () => {
    expect(stream(0, "init", "dense/kernel").key).toEqual([2715237004, 2103031529])
    expect([...stream(0, "init", "dense/kernel").raw(new Uint32Array(4))]).toEqual([
      4014398864, 1192936013, 866976871, 3458467598,
    ])
    expect([...stream(42, "shuffle", "", 1).permutation(8)]).toEqual([5, 3, 7, 1, 2, 6, 4, 0])
  })

  it("gives float64 the same uniform numbers, and normal ones before rounding", () => {
    const s = stream(1, "a", "b")
    expect([...s.uniform(new Float64Array(100))]).toEqual([...s.uniform(new Float32Array(100))])
    expect([...Float32Array.from(s.normal(new Float64Array(101)))]).toEqual([...s.normal(new Float32Array(101))])
  })

  it("refuses what is not a seed or a position", () => {
    for (const seed of [-1, 0.5, NaN, Infinity, 2 ** 53]) {
      expect(() => stream(seed, "a", "b")).toThrow(OptionError)
    }
    expect(() => stream(1, "a", "b", -1)).toThrow(/position\[0\]/)
    expect(() => stream(1, "a", "b", 0, 2 ** 32)).toThrow(/position\[1\]/)
    expect(() => stream(1, "a", "b", 1, 2, 3, 4)).toThrow(/at most 3/)
    const typo = { seed: 1, purpose: "a", id: "b", positions: [1] }
    expect(() => new Stream(typo)).toThrow(/did you mean "position"/)
    expect(() => stream(1, "a", "b").integers(new Int32Array(1), 0)).toThrow(OptionError)
    expect(() => stream(1, "a", "b").permutation(-1)).toThrow(OptionError)
  })
})

/** Checks the mean of `values` against `mean` within 5 standard errors, given their standard deviation. */
function expectMean(values: ArrayLike<number>, mean: number, deviation: number): void {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  expect(Math.abs(sum / values.length - mean)).toBeLessThan((5 * deviation) / Math.sqrt(values.length))
}

describe("distributions", () => {
  const n = 200_000
  const s = stream(2024, "test", "moments")

  it("uniform: mean, variance, fourth moment, range, and no correlation of neighbours", () => {
    const u = s.uniform(new Float64Array(n))
    expectMean(u, 1 / 2, Math.sqrt(1 / 12))
    expectMean(
      u.map(x => (x - 0.5) ** 2),
      1 / 12,
      Math.sqrt(1 / 180),
    )
    expectMean(
      u.map(x => (x - 0.5) ** 4),
      1 / 80,
      Math.sqrt(1 / 2304 - 1 / 6400),
    )
    for (const lag of [1, 2, 3, 4]) {
      expectMean(
        u.subarray(lag).map((x, i) => (x - 0.5) * (u[i] - 0.5)),
        0,
        1 / 12,
      )
    }
    expect(u.every(x => x >= 0 && x < 1)).toBe(true)
    const counts = new Float64Array(64)
    for (const x of u) counts[Math.floor(x * 64)]++
    expect(chiSquare(counts, n / 64)).toBeLessThan(63 + 5 * Math.sqrt(2 * 63))
  })

  it("normal: the first four moments, tails, and independence within a pair", () => {
    const z = s.normal(new Float64Array(n))
    expectMean(z, 0, 1)
    expectMean(
      z.map(x => x * x),
      1,
      Math.sqrt(2),
    )
    expectMean(
      z.map(x => x ** 3),
      0,
      Math.sqrt(15),
    )
    expectMean(
      z.map(x => x ** 4),
      3,
      Math.sqrt(96),
    )
    const tail = 0.0026997960632601866
    expectMean(
      z.map(x => (Math.abs(x) > 3 ? 1 : 0)),
      tail,
      Math.sqrt(tail),
    )
    expectMean(
      z.subarray(1).map((x, i) => x * z[i]),
      0,
      1,
    )
    expectMean(
      z.subarray(1).map((x, i) => (x * x - 1) * (z[i] * z[i] - 1)),
      0,
      2,
    )
  })

  it("truncated normal: moments of the distribution cut at 2 standard deviations", () => {
    const z = s.truncatedNormal(new Float64Array(n))
    const variance = 0.7737413035499232
    const fourth = 1.41618912484946
    expectMean(z, 0, Math.sqrt(variance))
    expectMean(
      z.map(x => x * x),
      variance,
      Math.sqrt(fourth - variance * variance),
    )
    expect(z.every(x => Math.abs(x) <= 2)).toBe(true)
    expect(Math.max(...z.subarray(0, 50_000))).toBeGreaterThan(1.999)
    const beyond1 = (0.9544997361036416 - 0.6826894921370859) / 0.9544997361036416
    expectMean(
      z.map(x => (Math.abs(x) > 1 ? 1 : 0)),
      beyond1,
      0.5,
    )
  })

  it("integers: equally likely, also where 2^32 is not nearly a multiple of their number", () => {
    const counts = new Float64Array(10)
    for (const i of s.integers(new Int32Array(n), 10)) counts[i]++
    expect(chiSquare(counts, n / 10)).toBeLessThan(9 + 5 * Math.sqrt(18))
    const below = 1_610_612_736
    const large = s.integers(new Uint32Array(n), below)
    // Without rejection one value in three would come up 2 times where the others come up 3 times.
    const thirds = new Float64Array(3)
    for (const i of large) thirds[i % 3]++
    expect(chiSquare(thirds, n / 3)).toBeLessThan(2 + 5 * Math.sqrt(4))
    expect(large.every(i => i < below)).toBe(true)
    expect([...s.integers(new Uint32Array(3), 1)]).toEqual([0, 0, 0])
  })
})

function chiSquare(counts: ArrayLike<number>, expected: number): number {
  let sum = 0
  for (let i = 0; i < counts.length; i++) sum += (counts[i] - expected) ** 2 / expected
  return sum
}

describe("permutation", () => {
  it("holds every number once", () => {
    for (const n of [0, 1, 2, 3, 1000, 60_000]) {
      const order = stream(1, "shuffle", "", 0).permutation(n)
      expect(order.slice().sort()).toEqual(Uint32Array.from({ length: n }, (_, i) => i))
    }
    const order = stream(1, "shuffle", "", 0).permutation(1000)
    expect(order.filter((x, i) => x === i).length).toBeLessThan(8)
  })

  it("brings every number to every place, equally often", () => {
    const size = 8
    const rounds = 20_000
    const counts = new Float64Array(size * size)
    for (let epoch = 0; epoch < rounds; epoch++) {
      const order = stream(3, "shuffle", "", epoch).permutation(size)
      for (let i = 0; i < size; i++) counts[i * size + order[i]]++
    }
    const freedom = (size - 1) ** 2
    // Row and column sums are fixed, so the statistic has (size - 1)² degrees of freedom once scaled by size / (size - 1).
    const statistic = (chiSquare(counts, rounds / size) * (size - 1)) / size
    expect(statistic).toBeLessThan(freedom + 5 * Math.sqrt(2 * freedom))
  })

  it("gives all 24 orders of 4 equally often", () => {
    const rounds = 24_000
    const counts = new Map<string, number>()
    for (let epoch = 0; epoch < rounds; epoch++) {
      const order = stream(9, "shuffle", "", epoch).permutation(4).join("")
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    expect(counts.size).toBe(24)
    expect(chiSquare([...counts.values()], rounds / 24)).toBeLessThan(23 + 5 * Math.sqrt(46))
  })
})

describe("the random context", () => {
  const numbers = (s: Stream) => s.raw(new Uint32Array(4)).join(" ")
  const training = (step: number, extra: Partial<RandomContext> = {}): RandomContext => ({
    seed: 1,
    purpose: "training",
    position: [step],
    ...extra,
  })

  it("repeats a step and tells its calls, steps and owners apart", () => {
    const [a, b] = [{}, {}]
    const draw = (step: number) =>
      withRandom(training(step), () => [
        numbers(drawStream(a, "a")),
        numbers(drawStream(a, "a")),
        numbers(drawStream(b, "b")),
      ])
    const first = draw(7)
    expect(draw(7)).toEqual(first)
    expect(new Set([...first, ...draw(8)]).size).toBe(6)
    expect(first[1]).toBe(numbers(stream(1, "training", "a", 7, 1)))
  })

  it("asks the context for the owner's id first", () => {
    const owner = {}
    const idOf = (o: object) => (o === owner ? "model/dropout" : undefined)
    withRandom(training(2, { idOf }), () => {
      expect(numbers(drawStream(owner, "x"))).toBe(numbers(stream(1, "training", "model/dropout", 2, 0)))
      expect(numbers(drawStream({}, "x"))).toBe(numbers(stream(1, "training", "x", 2, 0)))
    })
  })

  it("nests, and is restored after an exception", () => {
    const owner = {}
    withRandom(training(1), () => {
      drawStream(owner, "a")
      expect(() =>
        withRandom(training(2), () => {
          expect(drawStream(owner, "a").counter).toEqual([0, 2, 0, 0])
          throw new Error("inside")
        }),
      ).toThrow("inside")
      expect(drawStream(owner, "a").counter).toEqual([0, 1, 1, 0])
    })
    const leave = enterRandom({ seed: 1, purpose: "validation", position: [4, 5] })
    expect(drawStream(owner, "a").counter).toEqual([0, 4, 5, 0])
    leave()
    expect(freeCalls(owner)).toBe(0)
    expect(() => withRandom(training(1), async () => 1)).toThrow(/promise/)
    expect(() => enterRandom(training(1, { seed: -1 }))).toThrow(OptionError)
  })

  it("counts free calls per owner, inside a free context and out of any", () => {
    setSeed(5)
    const owner = {}
    const outside = numbers(drawStream(owner, "a"))
    expect(outside).toBe(numbers(stream(5, "free", "a", 0)))
    const inside = () => withRandom({ seed: 8, purpose: "free", position: [] }, () => numbers(drawStream(owner, "a")))
    expect(inside()).toBe(numbers(stream(8, "free", "a", 1)))
    expect(inside()).toBe(numbers(stream(8, "free", "a", 2)))
    expect(freeCalls(owner)).toBe(3)
    setFreeCalls(owner, 0)
    expect(numbers(drawStream(owner, "a"))).toBe(outside)
    expect(freeCalls({})).toBe(0)
  })

  it("setSeed: 0 is a seed, and the same seed starts the same numbers", () => {
    const owner = {}
    const run = (seed: number) => {
      setSeed(seed)
      return [numbers(drawStream(owner, "a")), numbers(drawStream(owner, "a"))]
    }
    const zero = run(0)
    expect(getSeed()).toBe(0)
    expect(run(1)).not.toEqual(zero)
    expect(run(0)).toEqual(zero)
    expect(() => setSeed(1.5)).toThrow(OptionError)
    expect(getSeed()).toBe(0)
  })
})

describe.each([
  ["fillUniform", fillUniform, "uniform"],
  ["fillTruncatedNormal", fillTruncatedNormal, "truncatedNormal"],
] as const)("%s", (_, fill, name) => {
  afterEach(() => setKernels("wasm"))

  it.each([0, 1, 7, 2047, 2048, 2049, 8192, 8195, 20_001])("gives factor z + offset: %i numbers", length => {
    const s = stream(7, "fills", name, 5, 6)
    const want = s[name](new Float32Array(length)).map(z => 0.37 * z - 0.1)
    for (const kernels of ["wasm", "typescript"] as const) {
      setKernels(kernels)
      const out = new Float32Array(length)
      fill(out, s, 0.37, -0.1)
      expect(Buffer.from(out.buffer).equals(Buffer.from(want.buffer)), kernels).toBe(true)
    }
  })

  it("gives it to double precision where that is asked for", () => {
    const s = stream(7, "fills", name)
    const out = new Float64Array(3000)
    withFloat64(() => fill(out, s, 2, 1))
    expect(out).toEqual(s[name](new Float64Array(3000)).map(z => 2 * z + 1))
  })
})
