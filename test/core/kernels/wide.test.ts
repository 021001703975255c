import { setArithmetic, setKernels, setVectorWidth } from "@selvedge/core"
import { beforeEach, describe, expect, it, vi } from "vitest"
import { instructions } from "../../../packages/core/src/kernels/mode.ts"

// Whatever engine runs this, the library is told that it is a new one; `engines.test.ts` asks new ones themselves.
const host = vi.hoisted(() => ({ version: "26.0.0", flags: [] as string[], wrong: false }))
vi.mock("../../../packages/core/src/kernels/host.ts", async original => {
  const actual = await original<typeof import("../../../packages/core/src/kernels/host.ts")>()
  const v8 = { setFlagsFromString: (flag: string) => host.flags.push(flag) }
  const nodeProcess = () => ({ versions: { node: host.version }, getBuiltinModule: () => v8 })
  return { ...actual, nodeProcess }
})
vi.mock("../../../packages/core/src/kernels/gemm.ts", async original => {
  const actual = await original<typeof import("../../../packages/core/src/kernels/gemm.ts")>()
  const gemm = (...args: Parameters<typeof actual.gemm>) => {
    actual.gemm(...args)
    // As a wrong fusion might: one form, one number, in wide kernels.
    if (host.wrong && instructions().width === 256 && args[6]?.transposeA && args[6].transposeB) args[2][17] += 1e-6
  }
  return { ...actual, gemm }
})

const [on, off] = ["--experimental-wasm-revectorize", "--no-experimental-wasm-revectorize"]

describe("setVectorWidth", () => {
  beforeEach(() => {
    host.version = "26.0.0"
    host.wrong = false
    setVectorWidth(128)
    host.flags = []
  })

  it("sets the engine's flag, and takes it back", () => {
    expect(setVectorWidth(256)).toEqual({ bits: 256, reason: "" })
    expect(host.flags).toEqual([on])
    expect(setVectorWidth(128)).toEqual({ bits: 128, reason: "" })
    expect(host.flags).toEqual([on, off])
  })

  it("keeps compiled kernels when it is asked for what there is", () => {
    setVectorWidth(256)
    const before = instructions()
    expect(setVectorWidth(256)).toEqual({ bits: 256, reason: "" })
    expect(instructions()).toBe(before)
  })

  it("stays at 128 bits, without the flag, where wide kernels give other results", () => {
    host.wrong = true
    const reason = "the wide kernels of this engine gave other results than the narrow ones"
    expect(setVectorWidth(256)).toEqual({ bits: 128, reason })
    expect(host.flags).toEqual([on, off])
    expect(instructions().width).toBe(128)
  })

  it("has nothing to test while the plain loops compute", () => {
    setKernels("typescript")
    expect(setVectorWidth(256)).toEqual({
      bits: 128,
      reason: 'the plain loops compute: setKernels("wasm") comes first',
    })
    setKernels("wasm")
    expect(host.flags).toEqual([])
    expect(setVectorWidth(256)).toEqual({ bits: 256, reason: "" })
  })

  it("leaves kernels as they are when the arithmetic stays what it is", () => {
    setVectorWidth(256)
    const before = instructions()
    host.flags = []
    expect(setArithmetic("portable")).toBe("portable")
    expect(instructions()).toBe(before)
    expect(host.flags).toEqual([])
  })

  it("leaves engines alone that have no such flag", () => {
    host.version = "20.19.0"
    expect(setVectorWidth(256)).toEqual({ bits: 128, reason: "wide kernels need Node 22 or later" })
    expect(host.flags).toEqual([])
  })
})
