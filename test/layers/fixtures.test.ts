import { backward, isTensor, tensor } from "@selvedge/core"
import { deserialize, getActivation, getConstraint, getInitializer, getRegularizer } from "@selvedge/layers"
import { describe, expect, it } from "vitest"
import { decode, type Encoded, fixture } from "../trainer/fixtures.ts"
import { expectClose, gradientOf, type LayerCase, runLayerCase, type Tolerance, wanting } from "./layerCase.ts"

// Values computed by real Keras in float64. A case that throws fails, and the number of cases is counted.

describe("layers.json", () => {
  const { cases } = fixture<LayerCase>("layers")
  let run = 0

  it.each(cases)("$name", c => {
    runLayerCase(c)
    run++
  })

  it("ran every case", () => {
    expect(run).toBe(cases.length)
    expect(run).toBe(136)
  })
})

interface ActivationCase {
  readonly name: string
  readonly function: string
  readonly args: Record<string, unknown>
  readonly x: Encoded
  readonly y: Encoded
  readonly dydx?: Encoded
  readonly cotangent?: Encoded
  readonly vjp?: Encoded
  readonly tolerance: Tolerance
}

describe("activations.json", () => {
  const { cases } = fixture<ActivationCase>("activations")
  let run = 0

  it.each(cases)("$name", c => {
    const x = wanting(c.x, true)
    const named = Object.keys(c.args).length ? { class_name: c.function, config: c.args } : c.function
    const y = getActivation(named).call(x)
    expectClose(y.read(), c.y.data, c.tolerance, "y")
    const gradient = c.vjp ?? c.dydx
    // Linear gives its input itself, of which the gradient is what came in.
    if (y === x) expect(new Set(c.dydx?.data)).toEqual(new Set([1]))
    else {
      backward(y, c.cotangent ? decode(c.cotangent) : tensor(new Float32Array(x.size).fill(1), x.shape))
      expectClose(gradientOf(x), gradient!.data, c.tolerance, "gradient")
    }
    run++
  })

  it("ran every case", () => {
    expect(run).toBe(cases.length)
    expect(run).toBe(21)
  })
})

interface RegularizerCase {
  readonly name: string
  readonly class_name: string
  readonly config: Record<string, unknown>
  readonly weight: Encoded
  readonly value: Encoded | number
  readonly gradient: Encoded
  readonly result: Encoded
  readonly tolerance: Tolerance
}

describe("regularizers.json", () => {
  const { cases } = fixture<RegularizerCase>("regularizers")
  let run = 0

  it.each(cases)("$name", c => {
    const w = wanting(c.weight, true)
    const penalty = getRegularizer(c)!.call(w)
    expect(penalty.shape).toEqual([])
    expectClose(penalty.read(), typeof c.value === "number" ? [c.value] : c.value.data, c.tolerance, "value")
    backward(penalty)
    expectClose(gradientOf(w), c.gradient.data, c.tolerance, "gradient")
    run++
  })

  it("ran every case", () => {
    expect(run).toBe(cases.length)
    expect(run).toBe(9)
  })
})

describe("constraints.json", () => {
  const { cases } = fixture<RegularizerCase>("constraints")
  let run = 0

  it.each(cases)("$name", c => {
    const w = wanting(c.weight, true)
    const y = getConstraint(c)!.call(w)
    expect(y.requiresGrad).toBe(false)
    expectClose(y.read(), c.result.data, c.tolerance, "result")
    run++
  })

  it("ran every case", () => {
    expect(run).toBe(cases.length)
    expect(run).toBe(16)
  })
})

interface InitializerCase {
  readonly name: string
  readonly class_name: string
  readonly config: Record<string, unknown>
  readonly shape: number[]
  readonly theory: {
    readonly mean: number
    readonly std: number
    readonly bounds: [number, number] | null
    readonly cdf?: [number, number][]
    readonly gain?: number
    readonly matrix_shape?: [number, number]
  }
  readonly keras_empirical: { readonly n: number }
  readonly standard_error: { readonly mean: number; readonly std: number }
}

describe("initializers.json", () => {
  const { cases } = fixture<InitializerCase>("initializers")
  let run = 0

  it.each(cases)("$name", c => {
    const layer = getInitializer({ class_name: c.class_name, config: c.config })
    const x = Float64Array.from(layer.call(c.shape).read())
    const { theory } = c
    const n = x.length
    const mean = x.reduce((sum, v) => sum + v, 0) / n
    const std = Math.sqrt(x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n)
    const fewer = Math.sqrt(c.keras_empirical.n / n)
    const rounding = 1e-6 * (Math.abs(theory.mean) + theory.std)
    expect(Math.abs(mean - theory.mean), "mean").toBeLessThanOrEqual(5 * fewer * c.standard_error.mean + rounding)
    expect(Math.abs(std - theory.std), "std").toBeLessThanOrEqual(5 * fewer * c.standard_error.std + rounding)
    const [low, high] = theory.bounds ?? [-Infinity, Infinity]
    expect(Math.min(...x)).toBeGreaterThanOrEqual(Math.fround(low))
    expect(Math.max(...x)).toBeLessThanOrEqual(Math.fround(high))
    for (const [at, p] of theory.cdf ?? []) {
      const share = x.filter(v => v <= at).length / n
      expect(Math.abs(share - p), `P(X <= ${at})`).toBeLessThanOrEqual(5 * Math.sqrt((p * (1 - p)) / n) + 1e-9)
    }
    if (theory.matrix_shape) checkOrthogonal(x, theory.matrix_shape, theory.gain ?? 1)
    run++
  })

  it("ran every case", () => {
    expect(run).toBe(cases.length)
    expect(run).toBe(80)
  })
})

function checkOrthogonal(x: Float64Array, [rows, columns]: [number, number], gain: number): void {
  const at = (v: number, i: number) => (rows >= columns ? x[i * columns + v] : x[v * columns + i])
  const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)]
  for (let a = 0; a < count; a++) {
    for (let b = 0; b <= a; b++) {
      let dot = 0
      for (let i = 0; i < length; i++) dot += at(a, i) * at(b, i)
      expect(Math.abs(dot - (a === b ? gain * gain : 0))).toBeLessThan(1e-5 * gain * gain)
    }
  }
}

interface DropoutCase {
  readonly name: string
  readonly class_name: string
  readonly rate?: number
  readonly stddev?: number
  readonly input_value: number | string
  readonly exact: {
    readonly kept_multiplier?: number
    readonly dropped_value?: number
    readonly kept_value?: number
    readonly kept_fraction?: number
    readonly mean: number
    readonly variance: number
  }
  readonly keras_empirical: { readonly n: number }
  readonly standard_error_of_mean?: number
  readonly standard_error_of_kept_fraction?: number
}

describe("dropout_moments.json", () => {
  const { cases } = fixture<DropoutCase>("dropout_moments")
  let run = 0

  it.each(cases)("$name", c => {
    const config = c.stddev === undefined ? { rate: c.rate } : { stddev: c.stddev }
    const layer = deserialize({ class_name: c.class_name, config: { ...config, seed: 42 } })
    const n = 1e6
    const value = Number(c.input_value)
    const y = layer.call(tensor(new Float32Array(n).fill(value), [n]), { training: true })
    if (!isTensor(y)) throw new Error("one output is expected")
    const data = Float64Array.from(y.read())
    const mean = data.reduce((sum, v) => sum + v, 0) / n
    const variance = data.reduce((sum, v) => sum + (v - mean) ** 2, 0) / n
    const { exact } = c
    const error = Math.sqrt(exact.variance / n)
    expect(Math.abs(mean - exact.mean), "mean").toBeLessThanOrEqual(5 * error + 1e-6 * Math.abs(exact.mean))
    expect(Math.abs(variance - exact.variance), "variance").toBeLessThanOrEqual(0.02 * exact.variance + 1e-9)
    if (exact.dropped_value !== undefined) checkTwoValues(data, c, value)
    run++
  })

  it("ran every case", () => {
    expect(run).toBe(cases.length)
    expect(run).toBe(26)
  })
})

function checkTwoValues(data: Float64Array, c: DropoutCase, value: number): void {
  const { dropped_value: dropped = 0, kept_fraction: share = 0 } = c.exact
  const isDropped = (v: number) => Math.abs(v - dropped) <= 1e-6 * Math.abs(dropped)
  const kept = data.filter(v => !isDropped(v))
  const keptValue = c.exact.kept_value ?? value * (c.exact.kept_multiplier ?? 1)
  if (Math.abs(keptValue - dropped) > 1e-3) {
    const error = Math.sqrt((share * (1 - share)) / data.length)
    expect(Math.abs(kept.length / data.length - share), "kept").toBeLessThanOrEqual(5 * error + 1e-9)
    expect(kept.every(v => Math.abs(v - keptValue) <= 1e-6 * Math.abs(keptValue))).toBe(true)
  }
}
