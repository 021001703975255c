import { createHash } from "node:crypto"
import { afterEach, beforeEach, expect, it, vi } from "vitest"

// Hosts that forbid something: it is said once, and results are the same.
beforeEach(() => {
  vi.resetModules()
  vi.spyOn(console, "warn").mockImplementation(() => {})
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** The products of a few networks' sizes, and how often something was said. */
async function products(kernels: "wasm" | "typescript" = "wasm") {
  const { gemm, setKernels, setThreads } = await import("@selvedge/core")
  const { ensureWorkers, readyThreads } = await import("../../../packages/core/src/kernels/pool.ts")
  setKernels(kernels)
  setThreads(3)
  const results = [8, 100, 200].map(n => {
    const [a, b, c] = [1, 2, 3].map(step => Float32Array.from({ length: n * n }, (_, i) => ((i * step) % 101) / 7 - 6))
    gemm(a, b, c, n, n, n)
    ensureWorkers()
    return createHash("sha256").update(new Uint8Array(c.buffer)).digest("hex")
  })
  return { results, threads: readyThreads(), said: vi.mocked(console.warn).mock.calls.map(([text]) => text) }
}

it("without WebAssembly the plain loops compute", async () => {
  const { results } = await products("typescript")
  vi.resetModules()
  vi.stubGlobal("WebAssembly", undefined)
  expect(await products()).toEqual({
    results,
    threads: 1,
    said: [
      expect.stringMatching(/^kernels: computing with plain loops, .* because WebAssembly fails: this host has none$/),
    ],
  })
})

it("where a policy forbids to compile it, likewise", async () => {
  const { results } = await products("typescript")
  vi.resetModules()
  class Module {
    constructor() {
      throw new Error("Wasm code generation disallowed by embedder")
    }
  }
  vi.stubGlobal("WebAssembly", Object.create(Reflect.get(globalThis, "WebAssembly"), { Module: { value: Module } }))
  const { said, ...rest } = await products()
  expect(rest.results).toEqual(results)
  expect(said).toEqual([expect.stringContaining("because WebAssembly fails: Wasm code generation disallowed")])
})

it("where workers are forbidden one thread computes", async () => {
  const { results } = await products("typescript")
  vi.resetModules()
  const actual = process.getBuiltinModule
  class Worker {
    constructor() {
      throw new Error("Access to this API has been restricted")
    }
  }
  vi.spyOn(process, "getBuiltinModule").mockImplementation((name: string) =>
    name === "node:worker_threads" ? { ...actual(name), Worker } : actual(name),
  )
  const said =
    "threads: computing on one thread, because no worker can be started: Access to this API has been restricted"
  expect(await products()).toEqual({ results, threads: 1, said: [said] })
})
