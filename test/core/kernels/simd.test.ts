import { setThreads, stream } from "@selvedge/core"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import type { KernelArgument, Twin } from "../../../packages/core/src/kernels/vectorized.ts"
import { filesWithLoops } from "./collect.ts"
import {
  type Argument,
  bitsOf,
  copies,
  type Dimensions,
  extremes,
  inLinearMemory,
  makeArguments,
  parseSignature,
  specials,
  type TwinRow,
  threadsReady,
  ulpsApart,
  written,
} from "./twins.ts"
import { twinTable } from "./twinTable.ts"

interface Pair {
  readonly loop: (...args: readonly KernelArgument[]) => void
  readonly twin: Twin<readonly KernelArgument[]> | undefined
}

// The loops are private to their ops; what `vectorized` is given is seen on its way.
const pairs = vi.hoisted(() => new Map<string, Pair>())
vi.mock("../../../packages/core/src/kernels/vectorized.ts", async original => {
  const actual = await original<typeof import("../../../packages/core/src/kernels/vectorized.ts")>()
  const seen = (join: typeof actual.vectorized) => (name: string, loop: Pair["loop"], twin?: Pair["twin"]) => {
    pairs.set(name, { loop, twin })
    return join(name, loop, twin)
  }
  return { ...actual, vectorized: seen(actual.vectorized), vectorizedAtOnce: seen(actual.vectorizedAtOnce) }
})

for (const path of filesWithLoops()) await import(path)

const sizes = [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 31, 32, 33, 36, 63, 100, 257]
const names = Object.keys(twinTable)

function pairOf(name: string): { loop: Pair["loop"]; twin: Twin<readonly KernelArgument[]> } {
  const { loop, twin } = pairs.get(twinTable[name].loop ?? name)!
  return { loop, twin: twin! }
}

/** The twin's results from linear memory, off the alignment by `shift` floats; null when it left them to the loop. */
function runLinear(name: string, row: TwinRow, given: readonly Argument[], shift: number): Float32Array[] | null {
  const linear = inLinearMemory(given, shift)
  const ran = pairOf(name).twin.run(...linear.args)
  const results = written(row, linear.args)
  const inputs = parseSignature(row.signature).flatMap(({ kind }, i) => (kind === "in" ? [i] : []))
  expect(linear.guarded(), `${name} wrote outside of its buffers`).toBe(true)
  const inputsOf = (args: readonly Argument[]) =>
    bitsOf(inputs.flatMap(i => (typeof args[i] === "number" ? [] : [args[i]])))
  expect(inputsOf(linear.args), `${name} changed an input`).toBe(inputsOf(given))
  linear.free()
  return ran ? results : null
}

function runLoop(name: string, row: TwinRow, given: readonly Argument[]): Float32Array[] {
  const args = copies(given)
  pairOf(name).loop(...args)
  return written(row, args)
}

/** What the written buffers held before. */
const before = (row: TwinRow, given: readonly Argument[]) => {
  const parameters = parseSignature(row.signature)
  return written(row, given).map((buffer, i) => {
    const kinds = parameters.filter(({ kind }) => kind === "out" || kind === "inout")
    return kinds[i].kind === "inout" ? buffer : buffer.map(() => 0)
  })
}

function worst(row: TwinRow, given: readonly Argument[], got: Float32Array[], want: Float32Array[]): number {
  const initial = before(row, given)
  let most = 0
  for (const [i, buffer] of got.entries()) {
    for (let j = 0; j < buffer.length; j++) {
      const was = Math.abs(initial[i][j])
      const magnitude = Math.max(row.magnitude ?? 0, Number.isFinite(was) ? was : 0)
      const apart = ulpsApart(buffer[j], want[i][j], magnitude)
      if (apart > most) most = apart
    }
  }
  return most
}

const dimensions = fc.record({ rows: fc.constantFrom(0, 1, 2, 5, 16, 33, 70), n: fc.constantFrom(...sizes) })
const drawn = { seed: fc.nat(1 << 30), shift: fc.nat(3), dimensions }

beforeAll(() => setThreads(1))
afterAll(() => setThreads(1))

describe("the table", () => {
  it("has a row for every twin, and a twin for every row", () => {
    const withTwin = [...pairs].filter(([, { twin }]) => twin).map(([name]) => name)
    const loops = new Set(names.map(name => twinTable[name].loop ?? name))
    expect(withTwin.sort()).toEqual([...loops].sort())
  })
})

describe.each(names)("%s", name => {
  const row = twinTable[name]
  const make = (seed: number, d: Dimensions, special: readonly number[] = []) =>
    makeArguments(row, stream(seed, "test", name), d, special)

  it(`is its loop within ${row.ulps} ulp`, () => {
    let most = 0
    fc.assert(
      fc.property(fc.record(drawn), c => {
        const given = make(c.seed, c.dimensions)
        const got = runLinear(name, row, given, c.shift)
        if (got === null) return
        most = Math.max(most, worst(row, given, got, runLoop(name, row, given)))
      }),
      { numRuns: 60, seed: 1 },
    )
    expect(most).toBeLessThanOrEqual(row.ulps)
  })

  const worstWith = (special: readonly number[], scale: number) => {
    let most = 0
    fc.assert(
      fc.property(fc.record(drawn), c => {
        const given = make(c.seed, c.dimensions, special)
        const got = runLinear(name, row, given, c.shift)
        if (got === null) return
        const magnitude = Math.max(row.magnitude ?? 0, scale)
        most = Math.max(most, worst({ ...row, magnitude }, given, got, runLoop(name, row, given)))
      }),
      { numRuns: 60, seed: 2 },
    )
    return most
  }

  it("takes NaN, infinities and subnormal numbers as its loop does", () => {
    expect(worstWith(specials, 0)).toBeLessThanOrEqual(2 * row.ulps)
  })

  it("takes extreme numbers as its loop does", () => {
    // Terms of sums and products grow with them; functions of one variable have no such excuse.
    const scale = row.signature === "x, =y" ? 0 : 1e8 * (row.magnitude ?? 1)
    expect(worstWith(extremes, scale)).toBeLessThanOrEqual(2 * row.ulps)
  })

  it("gives the same bits wherever the buffers lie", () => {
    fc.assert(
      fc.property(fc.record(drawn), c => {
        const given = make(c.seed, c.dimensions)
        const linear = runLinear(name, row, given, c.shift) ?? runLoop(name, row, given)
        const heap = copies(given)
        if (!pairOf(name).twin.run(...heap)) pairOf(name).loop(...heap)
        expect(bitsOf(linear)).toBe(bitsOf(written(row, heap)))
      }),
      { numRuns: 30, seed: 3 },
    )
  })
})

describe("threads", () => {
  const large = { rows: 300, n: 301 }
  const results = new Map<string, string>()

  it.each([1, 2, 3, 8])("give the same bits: %i", async count => {
    await threadsReady(count)
    for (const name of names) {
      const row = twinTable[name]
      const bits = bitsOf(runLinear(name, row, makeArguments(row, stream(5, "test", name), large), 1)!)
      expect(bits, name).toBe(results.get(name) ?? bits)
      results.set(name, bits)
    }
  })
})
