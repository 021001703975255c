import { readFileSync } from "node:fs"
import * as c from "@selvedge/core"
import { describe, expect, it } from "vitest"

interface Moments {
  readonly name: string
  readonly class_name: string
  readonly rate: number
  /** A constant input, or null for standard normal input. */
  readonly input_value: number | null
  readonly exact: Readonly<Record<string, number>>
  readonly keras_empirical: { readonly n: number }
  readonly standard_error_of_mean: number
  readonly standard_error_of_kept_fraction: number
}

const path = new URL("../fixtures/dropout_moments.json", import.meta.url)
const all: readonly Moments[] = JSON.parse(readFileSync(path, "utf8")).cases
const cases = all.filter(one => ["Dropout", "AlphaDropout"].includes(one.class_name))
const n = 100_000

describe.each(["wasm", "typescript"] as const)("moments of dropout and alphaDropout, %s kernels", kernels => {
  it.each(cases)("$name", one => {
    c.setKernels(kernels)
    const value = typeof one.input_value === "number" ? one.input_value : null
    const x = value === null ? c.randomNormal([n], { stream: c.stream(5, "test", "input") }) : c.full([n], value)
    const y = (one.class_name === "Dropout" ? c.dropout : c.alphaDropout)(x, one.rate, c.stream(9, "test", one.name))
    c.setKernels("wasm")
    const errors = 5 * Math.sqrt(one.keras_empirical.n / n)
    expect(Math.abs(c.mean(y).item() - one.exact.mean)).toBeLessThan(errors * one.standard_error_of_mean)
    const dropped = one.exact.dropped_value
    const isDropped = [...y.data].filter(v => Math.abs(v - dropped) <= 1e-6 * Math.max(1, Math.abs(dropped)))
    if (value !== null && value !== 0) {
      const kept = 1 - isDropped.length / n
      const allowed = errors * one.standard_error_of_kept_fraction
      expect(Math.abs(kept - one.exact.kept_fraction)).toBeLessThan(allowed)
      expect(new Set(y.data).size).toBe(2)
    }
    if (value === null) expect(c.variance(y).item()).toBeCloseTo(one.exact.variance, 1)
  })
})

describe("dropout", () => {
  const fixed = () => c.stream(1, "test", "mask")

  it("keeps a unit where uniform >= rate, with the stream's own numbers", () => {
    const uniform = fixed().uniform(new Float32Array(50))
    const y = c.dropout(c.ones([50]), 0.25, fixed())
    expect([...y.data]).toEqual([...uniform].map(u => (u >= 0.25 ? Math.fround(4 / 3) : 0)))
  })

  it("drops NaN and infinity too: a dropped unit is 0 whatever it was", () => {
    const y = c.dropout(c.full([100], Number.NaN), 0.5, fixed())
    expect(y.data.filter(v => v === 0).length).toBeGreaterThan(20)
  })

  it("shares its numbers along the axes where the noise shape is 1", () => {
    const y = c.dropout(c.ones([6, 8]), 0.5, fixed(), { noiseShape: [null, 1] })
    const rows = y.toArray() as number[][]
    for (const row of rows) expect(new Set(row).size).toBe(1)
    expect(new Set(rows.flat()).size).toBe(2)
  })

  it("refuses what is no rate", () => {
    for (const rate of [1, -0.1, Number.NaN])
      expect(() => c.dropout(c.ones([2]), rate, fixed())).toThrow("rate must be")
    expect(() => c.alphaDropout(c.ones([2]), 1.5, fixed())).toThrow(c.OptionError)
    expect(() => c.dropout(c.ones([2, 3]), 0.5, fixed(), { noiseShape: [2, 2] })).toThrow(c.ShapeError)
  })
})
