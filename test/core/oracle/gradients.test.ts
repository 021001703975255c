import { readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as c from "@selvedge/core"
import { describe, expect, it } from "vitest"
import { exempt } from "./exempt.ts"
import { type Case, cotangentFor, make } from "./inputs.ts"
import { rows } from "./rows.ts"

const opsFolder = fileURLToPath(new URL("../../../packages/core/src/ops", import.meta.url))
const opFiles = readdirSync(opsFolder)
  .filter(name => name.endsWith(".ts"))
  .map(name => name.slice(0, -3))

describe("completeness", () => {
  it("every file in ops/ is an exported function of its name with exactly one row", () => {
    const named = [...rows, ...exempt].map(row => row.op)
    expect([...named].sort()).toEqual([...opFiles].sort())
    for (const op of opFiles) expect(Reflect.get(c, op), op).toBeTypeOf("function")
  })

  it("every row has cases, and every case checks at least one entry", () => {
    for (const { op, cases } of rows) {
      expect(cases.length, op).toBeGreaterThan(0)
      for (const { inputs, run } of cases) {
        const report = c.checkGradients(run, tensors(inputs, everyInput(inputs)))
        expect(report.checked, op).toBe(sum(inputs.filter(x => !x.fixed).map(x => x.values.length)))
      }
    }
  })
})

describe("ops without a gradient compute the right values", () => {
  for (const { op, reason, check } of exempt) it(`${op}: ${reason}`, check)
})

for (const { op, cases, extremes } of rows) {
  describe(op, () => {
    for (const one of cases) {
      it(`${one.name}: float64 against central differences, all entries`, () => {
        c.checkGradients(one.run, tensors(one.inputs, everyInput(one.inputs)), { seed: 1 })
      })
      it(`${one.name}: every subset of inputs, float32 kernels`, () => {
        everySubset(one)
        float32Agrees(one, "wasm")
        float32Agrees(one, "typescript")
      })
      if (twins(one)) it(`${one.name}: one tensor passed twice`, () => passedTwice(one))
    }
    if (extremes) it("extremes stay finite", () => staysFinite(extremes))
  })
}

function everyInput(inputs: Case["inputs"]): boolean[] {
  return inputs.map(x => !x.fixed)
}

function tensors(inputs: Case["inputs"], wants: readonly boolean[]): c.Tensor[] {
  return inputs.map((x, i) => make(x, wants[i], `input ${i}`))
}

/** Gradients of a case, null for inputs that want none. */
function gradients(one: Case, wants: readonly boolean[]): (number[] | null)[] {
  const xs = tensors(one.inputs, wants)
  const y = one.run(...xs)
  if (!y.requiresGrad) return xs.map(() => null)
  c.backward(y, cotangentFor(y))
  return xs.map(x => x.grad && [...x.grad.data])
}

/** In float64, an input's gradient does not depend on which others want one. */
function everySubset(one: Case): void {
  c.withFloat64(() => {
    const whole = gradients(one, everyInput(one.inputs))
    for (let bits = 0; bits < 1 << one.inputs.length; bits++) {
      const wants = one.inputs.map((x, i) => !x.fixed && (bits & (1 << i)) !== 0)
      const part = gradients(one, wants)
      expect(part).toEqual(whole.map((g, i) => (wants[i] ? g : null)))
    }
  })
}

function float32Agrees(one: Case, kernels: c.KernelMode): void {
  const before = c.getKernels()
  c.setKernels(kernels)
  const wants = everyInput(one.inputs)
  const [got, want] = [gradients(one, wants), c.withFloat64(() => gradients(one, wants))]
  c.setKernels(before)
  want.forEach((g, i) => {
    const scale = Math.max(1, ...(g ?? []).map(Math.abs))
    g?.forEach((value, j) => {
      expect(Math.abs((got[i]?.[j] ?? Number.NaN) - value), `input ${i}, entry ${j}`).toBeLessThan(1e-5 * scale)
    })
  })
}

function twins({ inputs }: Case): boolean {
  const free = inputs.filter(x => !x.fixed)
  return free.length === 2 && String(free[0].shape) === String(free[1].shape)
}

function passedTwice({ inputs, run }: Case): void {
  const [first] = inputs.filter(x => !x.fixed)
  const twice = (x: c.Tensor) => run(...inputs.map(input => (input.fixed ? make(input, false) : x)))
  // Where both operands are the same entry there is a kink: each half then takes its share, and the sum is what counts.
  c.checkGradients(twice, [make(first, true)])
}

function staysFinite(run: (x: c.Tensor) => c.Tensor): void {
  const ten = [0, -0, 1e-30, -1e-30, 88, -88, 100, -100, 1e4, -1e4]
  // Often enough that the SIMD kernels, which begin at some size, meet them too.
  const extremes = Array.from({ length: 320 }, (_, i) => ten[i % 10])
  for (const kernels of ["wasm", "typescript"] as const) {
    c.setKernels(kernels)
    const x = c.tensor(extremes, [extremes.length], { requiresGrad: true })
    const y = run(x)
    expect([...y.data].every(Number.isFinite), `${kernels} forward ${y}`).toBe(true)
    if (y.requiresGrad) c.backward(y, c.ones(y.shape))
    expect([...(x.grad?.data ?? [0])].every(Number.isFinite), `${kernels} gradient ${x.grad}`).toBe(true)
  }
  c.setKernels("wasm")
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
