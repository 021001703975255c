import { describe, expect, it } from "vitest"
import {
  addGemmKernels,
  type GemmShape,
  type GemmTile,
  gemmPlan,
  gemmTiles,
} from "../../../packages/core/src/kernels/gemm/index.ts"
import { scratchMap } from "../../../packages/core/src/kernels/gemm/layout.ts"
import { gemmLoop } from "../../../packages/core/src/kernels/gemmLoop.ts"
import { scratchBytes } from "../../../packages/core/src/kernels/pool.ts"
import { disassemble, ModuleBuilder, wasmEngine } from "../../../packages/core/src/kernels/wasm/index.ts"
import { createGemm } from "./gemmEngine.ts"

const fround = Math.fround
const tiles = Object.keys(gemmTiles) as GemmTile[]
const engines = new Map(tiles.map(tile => [tile, createGemm({ tile, pages: 200 })]))

/** A reproducible stream of integers below 2^16 (a linear congruential generator's high half). */
function integers(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state >>> 16
  }
}

/** Ordinary values with few shared exponents, so that each rounding shows. */
function ordinary(next: () => number): number {
  return ((next() - 32768) / 1000) * 2 ** ((next() % 9) - 4)
}

/** Ordinary values and every special one. */
function special(next: () => number): number {
  const specials = [Number.NaN, Infinity, -Infinity, 0, -0, 1e-40, -1e-45, 3e38, -3e38, 1.1754944e-38]
  const pick = next() % 40
  return pick < specials.length ? specials[pick] : ordinary(next)
}

/** What a product is added to: nothing, C itself, a row. */
const addends = ["none", "c", "row"] as const
type Addend = (typeof addends)[number]

/** The definition: one sum per element, from +0, over increasing k, product and sum rounded each. */
function reference(shape: GemmShape, a: Float32Array, b: Float32Array, c: Float32Array, d: Float32Array | null) {
  const { m, n, k, transposeA, transposeB } = shape
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n } = shape
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let p = 0; p < k; p++) {
        const x = a[transposeA ? p * lda + i : i * lda + p]
        const y = b[transposeB ? j * ldb + p : p * ldb + j]
        sum = fround(sum + fround(x * y))
      }
      c[i * ldc + j] = d ? fround(d[d === c ? i * ldc + j : j] + sum) : sum
    }
  }
}

interface Case {
  readonly shape: GemmShape
  readonly tile: GemmTile
  readonly addend: Addend
  readonly seed: number
  readonly value?: (next: () => number) => number
  /** Bounds of the ranges of work units, in the order in which they are done; by default one range with all. */
  readonly ranges?: (units: number) => readonly (readonly [number, number])[]
}

/** Where the kernel and the definition first differ in a bit, C's surroundings included; null if nowhere. */
function firstDifference({ shape, tile, addend, seed, value = ordinary, ranges }: Case): string | null {
  const gemm = engines.get(tile)
  if (!gemm) throw new Error("no engine")
  const { m, n, k, transposeA = false, transposeB = false } = shape
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n } = shape
  const next = integers(seed)
  // Gaps that are no multiple of a vector: operands are aligned to four bytes, no more.
  const a = gemm.reserved + 1 + (next() % 4)
  const b = a + (transposeA ? k : m) * lda + 1 + (next() % 4)
  const c = b + (transposeB ? n : k) * ldb + 5
  const row = c + m * ldc + 3
  const stop = row + n + 9
  for (let i = gemm.reserved; i < stop; i++) gemm.floats[i] = value(next)
  const expected = gemm.floats.slice(gemm.reserved, stop)
  const [ea, eb, ec, er] = [a, b, c, row].map(index => expected.subarray(index - gemm.reserved))
  const d = addend === "none" ? null : addend === "c" ? ec : er
  const looped = ec.slice(0, m * ldc)
  reference(shape, ea, eb, ec, d)
  // The library's loop has the definition's bits, too; it knows of no rows that do not adjoin. Once is enough.
  if (tile === tiles[0] && !("lda" in shape)) {
    gemmLoop(ea, eb, looped, m, n, k, { transposeA, transposeB }, d === ec ? looped : d)
    const at = looped.findIndex((value, i) => !Object.is(value, ec[i]))
    if (at >= 0) return `the loop, ${JSON.stringify({ shape, addend, seed })}: C[${at}] is ${looped[at]}, not ${ec[at]}`
  }
  const added = { none: [], c: [c, ldc], row: [row] }[addend]
  const compute = gemm.prepare(shape, a, b, c, ...added)
  const { units } = gemmPlan(shape, tile)
  for (const [begin, end] of ranges?.(units) ?? [[0, units]]) compute(begin, end)
  for (let i = 0; i < expected.length; i++) {
    const found = gemm.floats[gemm.reserved + i]
    if (!Object.is(found, expected[i])) {
      const at = i - (c - gemm.reserved)
      return `${JSON.stringify({ shape, tile, addend, seed })}: C[${at}] is ${found}, not ${expected[i]}`
    }
  }
  return null
}

const forms = [false, true].flatMap(transposeA => [false, true].map(transposeB => ({ transposeA, transposeB })))

describe.each(tiles)("gemm %s", tile => {
  it("gives the bits of the plain loop for every small size, form and flag", () => {
    const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 20, 33]
    let seed = 0
    for (const m of sizes) {
      for (const n of sizes) {
        // 25 to a pair of sizes: every form and k meets every addend.
        seed++
        for (const k of [0, 1, 3, 4, 5, 9]) {
          for (const form of forms) {
            const addend = addends[seed++ % 3]
            expect(firstDifference({ shape: { m, n, k, ...form }, tile, addend, seed })).toBeNull()
          }
        }
      }
    }
  })

  it("reads nothing beyond the end of memory, whichever operand stands there", () => {
    const edge = createGemm({ tile, pages: 20 })
    const end = edge.floats.length
    for (const [m, n, k] of [1, 3, 5, 8, 17, 70].flatMap(m => [1, 2, 7, 13, 33, 70].map(n => [m, n, (m * n) % 23]))) {
      for (const form of forms) {
        const sizes = { a: m * k, b: k * n, c: m * n, row: n }
        for (const last of ["a", "b", "c", "row"] as const) {
          let free = edge.reserved + 1
          const at = { a: 0, b: 0, c: 0, row: 0 }
          for (const name of ["a", "b", "c", "row"] as const) {
            at[name] = name === last ? end - sizes[name] : free
            if (name !== last) free += sizes[name] + 5
          }
          const next = integers(m + n)
          for (const name of ["a", "b", "row"] as const) {
            for (let i = 0; i < sizes[name]; i++) edge.floats[at[name] + i] = ordinary(next)
          }
          const shape = { m, n, k, ...form }
          const from = (name: "a" | "b" | "row") => edge.floats.slice(at[name], at[name] + sizes[name])
          const wanted = new Float32Array(m * n)
          reference(shape, from("a"), from("b"), wanted, from("row"))
          // Reading beyond the end would trap.
          edge.prepare(shape, at.a, at.b, at.c, at.row)()
          expect(edge.floats.slice(at.c, at.c + m * n), JSON.stringify({ shape, last })).toEqual(wanted)
        }
      }
    }
  })

  it("gives the bits of the plain loop for random sizes", () => {
    const next = integers(7)
    for (let seed = 0; seed < 150; seed++) {
      const size = () => 1 + (next() % (next() % 3 === 0 ? 150 : 40))
      const shape = { m: size(), n: size(), k: size(), ...forms[seed % 4] }
      expect(firstDifference({ shape, tile, addend: addends[next() % 3], seed })).toBeNull()
    }
  })

  it("gives them where operands are packed and sums interrupted", () => {
    const sizes = [
      { m: 32, n: 300, k: 784 },
      { m: 784, n: 100, k: 32 },
      { m: 65, n: 70, k: 1100 },
      { m: 130, n: 261, k: 257 },
      { m: 3, n: 50, k: 4100 },
      { m: 5, n: 6, k: 4100 },
    ]
    for (const [i, size] of sizes.entries()) {
      for (const form of forms) {
        for (const addend of addends) {
          expect(firstDifference({ shape: { ...size, ...form }, tile, addend, seed: i })).toBeNull()
        }
      }
    }
  })

  it("takes rows that do not adjoin", () => {
    for (const [i, form] of forms.entries()) {
      const shape = { m: 37, n: 21, k: 18, lda: 41, ldb: 39, ldc: 25, ...form }
      expect(firstDifference({ shape, tile, addend: addends[i % 3], seed: i })).toBeNull()
    }
  })

  it("treats NaN, infinities, denormals and signed zeros as the plain loop does", () => {
    for (let seed = 0; seed < 40; seed++) {
      const shape = { m: 9 + seed, n: 5 + seed, k: 1 + (seed % 6), ...forms[seed % 4] }
      expect(firstDifference({ shape, tile, addend: addends[seed % 3], seed, value: special })).toBeNull()
    }
  })

  it("gives the same bits for any partition of its work units, in any order", () => {
    const next = integers(11)
    for (let seed = 0; seed < 30; seed++) {
      const shape = { m: 20 + (next() % 200), n: 20 + (next() % 200), k: 20 + (next() % 90), ...forms[seed % 4] }
      const ranges = (units: number) => {
        const cuts = [0, units, next() % units, next() % units].sort((x, y) => x - y)
        return cuts
          .slice(1)
          .map((end, i): [number, number] => [cuts[i], end])
          .reverse()
      }
      expect(firstDifference({ shape, tile, addend: addends[seed % 3], seed, ranges })).toBeNull()
    }
  })
})

describe("gemmPlan", () => {
  it("shares a batch of 32 out to threads", () => {
    for (const tile of tiles) {
      for (const [m, n, k] of [
        [32, 300, 784],
        [32, 100, 300],
        [32, 100, 100],
        [784, 300, 32],
        [300, 100, 32],
        [100, 100, 32],
      ]) {
        expect(gemmPlan({ m, n, k }, tile).units).toBeGreaterThanOrEqual(4)
      }
    }
  })

  it("has no work for an empty result", () => {
    expect(gemmPlan({ m: 0, n: 5, k: 3 }, "4x8").units).toBe(0)
    expect(gemmPlan({ m: 5, n: 0, k: 3 }, "4x8").units).toBe(0)
  })

  it("keeps to the scratch memory that kernels have", () => {
    const { aPacked, partial, zeros } = scratchMap
    for (const tile of tiles) {
      expect(4 * gemmTiles[tile].rows * gemmTiles[tile].columns).toBeLessThanOrEqual(scratchBytes - zeros)
      for (const m of [1, 3, 4, 64, 1000, 100_000]) {
        for (const n of [1, 10, 64, 1000, 100_000]) {
          for (const k of [1, 31, 256, 257, 2049, 100_000]) {
            for (const form of forms) {
              const { words } = gemmPlan({ m, n, k, ...form }, tile)
              const panel = m < 4 ? 32 : 16
              expect(words.kBlock * panel * 4).toBeLessThanOrEqual(aPacked)
              if (words.aMode > 0) expect(words.unitRows * words.kBlock * 4).toBeLessThanOrEqual(partial - aPacked)
              if (words.kBlock === k) continue
              const columns = Math.ceil(words.unitColumns / panel) * panel
              expect(words.unitRows * columns * 4).toBeLessThanOrEqual(zeros - partial)
            }
          }
        }
      }
    }
  })
})

it("builds valid modules with several tiles, shared memory and fused arithmetic", () => {
  const m = new ModuleBuilder("gemm", { min: 20, max: 30, shared: true })
  const kernels = addGemmKernels(m, m.global("scratch", "i32"), ["row", ...tiles], "portable")
  const bytes = m.assemble()
  expect(wasmEngine()?.validate(bytes)).toBe(true)
  for (const kernel of kernels) expect(disassemble(bytes, kernel.name)).toContain(`(func $${kernel.name} `)
  const fused = new ModuleBuilder("gemm", { min: 20 })
  const names = addGemmKernels(fused, fused.global("scratch", "i32"), ["row", ...tiles], "fused")
  // Not every engine knows the instruction: only the text is checked.
  for (const { name } of names) expect(disassemble(fused.assemble(), name)).toContain("f32x4.relaxed_madd")
})
