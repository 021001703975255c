import { describe, expect, it } from "vitest"
import * as simd from "../../../packages/core/src/kernels/simd/vector.ts"
import {
  type Expression,
  type FunctionBuilder,
  ModuleBuilder,
  v128,
  wasmEngine,
} from "../../../packages/core/src/kernels/wasm/index.ts"
import { erf } from "../../../packages/core/src/math/erf.ts"

// What float32 polynomials lose is stated beside each of them, and measured here against functions in double precision.

type Formula = (f: FunctionBuilder, x: Expression<"v128">) => Expression<"v128">

interface Stated {
  readonly formula: Formula
  readonly truth: (x: number) => number
  /** The error that the comment on the function allows. */
  readonly ulps: number
  readonly range: readonly [low: number, high: number]
  /** Below this size the function promises less. */
  readonly least?: number
}

// Where e^x is subnormal, `expOfNegative` and what is made of it turn to 0: their ranges end before.
const stated: Readonly<Record<string, Stated>> = {
  exp: { formula: simd.exp, truth: Math.exp, ulps: 2, range: [-103.9, 88.7] },
  expOfNegative: { formula: simd.expOfNegative, truth: Math.exp, ulps: 2, range: [-87.6, 0] },
  expm1OfNegative: { formula: simd.expm1OfNegative, truth: Math.expm1, ulps: 3, range: [-200, 0] },
  tanh: { formula: simd.tanh, truth: Math.tanh, ulps: 4, range: [-20, 20] },
  sigmoid: { formula: simd.sigmoid, truth: x => 1 / (1 + Math.exp(-x)), ulps: 4, range: [-87.6, 200] },
  // Next to 0 a part of the quotient is subnormal.
  erf: { formula: simd.erf, truth: erf, ulps: 8, range: [-6, 6], least: 1e-36 },
  log: { formula: simd.log, truth: Math.log, ulps: 1, range: [0, 3.4e38] },
  log1pOfSmall: { formula: simd.log1pOfSmall, truth: Math.log1p, ulps: 2, range: [0, 1] },
  softplus: { formula: simd.softplus, truth: x => Math.log1p(Math.exp(x)), ulps: 3, range: [-87.6, 200] },
}

/** How many numbers a kernel is given at once. */
const room = 16_384

/** y = formula(x), for up to `room` numbers. */
function compiled(formula: Formula): (x: ArrayLike<number>) => Float32Array {
  const pages = (2 * 4 * room) / 65_536
  const m = new ModuleBuilder("polynomial", { min: pages })
  m.kernel("run", {}, (f, _, begin, end) => {
    const at = f.local("i32", "at")
    f.for(at, begin, end, 16, () => f.v128.store(at, formula(f, v128.load(at)), 4 * room))
  })
  const engine = wasmEngine()!
  const memory = new engine.Memory({ initial: pages })
  const { run } = new engine.Instance(new engine.Module(m.assemble()), { env: { memory } }).exports
  return x => {
    new Float32Array(memory.buffer).set(x)
    if (typeof run === "function") run(0, 0, 4 * room)
    return new Float32Array(memory.buffer, 4 * room, x.length)
  }
}

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** The step between float32 numbers at y. */
function ulpOf(y: number): number {
  float[0] = Math.abs(y)
  // The steps below a power of two are finer than those above it.
  if (float[0] > Math.abs(y)) bits[0]--
  return 2 ** (Math.max(bits[0] >>> 23, 1) - 150)
}

/** Numbers of a range, as many of each exponent, and of those that are not tiny ten times as many. */
function samples([low, high]: readonly [number, number], least = 0): number[] {
  const found: number[] = []
  const tiny = 2 ** -14
  for (const sign of [1, -1]) {
    for (let pattern = 0; ; pattern += float[0] < tiny ? 9973 : 1999) {
      bits[0] = pattern
      const x = sign * float[0]
      if (float[0] > Math.max(high, -low)) break
      if (x >= low && x <= high && (float[0] >= least || pattern === 0)) found.push(x)
    }
  }
  return found
}

function worstOf({ formula, truth, range, least }: Stated): { ulps: number; x: number } {
  const run = compiled(formula)
  const worst = { ulps: 0, x: 0 }
  const xs = samples(range, least)
  for (let first = 0; first < xs.length; first += room) {
    const part = Float32Array.from(xs.slice(first, first + room))
    const ys = run(part)
    for (const [i, x] of part.entries()) {
      const want = truth(x)
      const ulps = want === ys[i] ? 0 : Math.abs(ys[i] - want) / ulpOf(want)
      if (!(ulps <= worst.ulps)) Object.assign(worst, { ulps, x })
    }
  }
  return worst
}

describe("polynomials", () => {
  it.each(Object.entries(stated))("%s keeps to the error that it states", (_, one) => {
    const { ulps, x } = worstOf(one)
    expect(ulps, `at ${x}`).toBeLessThanOrEqual(one.ulps)
  })

  it("say what they do beyond their ranges", () => {
    const values = (formula: Formula, ...x: number[]) => [...compiled(formula)(x)]
    const { NaN: none, POSITIVE_INFINITY: most } = Number
    expect(values(simd.exp, 89, 1e30, most, -105, -most, none)).toEqual([most, most, most, 0, 0, none])
    expect(values(simd.expOfNegative, -87.7, -1e30, -most)).toEqual([0, 0, 0])
    expect(values(simd.expm1OfNegative, -87.7, -1e30, -most)).toEqual([-1, -1, -1])
    expect(values(simd.tanh, -0, 1e30, most, -most, none)).toEqual([-0, 1, 1, -1, none])
    expect(values(simd.sigmoid, 1e30, most, -1e30, -most, none)).toEqual([1, 1, 0, 0, none])
    expect(values(simd.erf, 4, 1e30, most, -most, none)).toEqual([1, 1, 1, -1, none])
    expect(values(simd.log, 0, -0, most, -1e-45, -1, none)).toEqual([-most, -most, most, none, none, none])
    expect(values(simd.softplus, 1e30, most, -1e30, -most, none)).toEqual([Math.fround(1e30), most, 0, 0, none])
  })
})
