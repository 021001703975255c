import { afterAll, beforeAll, expect, it, vi } from "vitest"

// A browser page without isolation has no shared memory: one thread, and growing detaches every view.
beforeAll(() => {
  vi.stubGlobal("SharedArrayBuffer", undefined)
})
afterAll(() => {
  vi.unstubAllGlobals()
})

it("without shared memory one thread computes, and weights survive that the memory grows", async () => {
  const { getThreads, memory, Session, setThreads, tanh, tensor } = await import("@selvedge/core")
  const { linearMemory } = await import("../../../packages/core/src/kernels/memory.ts")
  const { readyThreads } = await import("../../../packages/core/src/kernels/pool.ts")
  setThreads(2)
  expect(linearMemory()?.shared).toBe(false)
  const [w, exposed] = [tensor([1, 2, 3, 4], [4]), tensor([5, 6], [2])]
  const captured = exposed.data
  const session = new Session()
  session.adopt([w, exposed])
  const double = () => {
    for (const t of [w, exposed]) {
      const buffer = t.write()
      for (let i = 0; i < buffer.length; i++) buffer[i] *= 2
    }
    return tanh(w).toArray()
  }
  session.step(double)
  const before = memory().linear
  const other = new Session()
  // Larger than what there is: the memory grows between two steps of the first session.
  const large = tensor(new Float32Array(before / 4), [before / 4])
  other.adopt([large])
  other.step(() => large.write().fill(1))
  expect(memory().linear).toBeGreaterThan(before)
  expect(w.toArray()).toEqual([2, 4, 6, 8])
  session.step(double)
  expect(w.toArray()).toEqual([4, 8, 12, 16])
  expect([...captured]).toEqual([20, 24])
  tanh(tensor(new Float32Array(before / 2)))
  session.step(double)
  session.close()
  expect(w.toArray()).toEqual([8, 16, 24, 32])
  expect(large.read().every(value => value === 1)).toBe(true)
  expect([getThreads(), readyThreads()]).toEqual([2, 1])
})
