import { spawnSync } from "node:child_process"
import { gemm, OptionError, SelvedgeError, Session, setThreads, simd, stream, tensor } from "@selvedge/core"
import { afterAll, beforeEach, describe, expect, it } from "vitest"
import { linearMemory } from "../../../packages/core/src/kernels/memory.ts"
import {
  ensureWorkers,
  poolEnding,
  poolWorkers,
  readyThreads,
  stopWorkers,
} from "../../../packages/core/src/kernels/pool.ts"
import { Program } from "../../../packages/core/src/kernels/program.ts"
import { enqueue, finishRuns } from "../../../packages/core/src/kernels/queue.ts"
import { atomic, i32 } from "../../../packages/core/src/kernels/wasm/index.ts"
import { breakPool } from "./breakPool.ts"
import { bitsOf, threadsReady } from "./twins.ts"

const numbers = (n: number, id: string) => stream(1, "test", id).uniform(new Float32Array(n))

function large(): string {
  const size = 100_003
  const [x, y] = [numbers(size, "x"), new Float32Array(size)]
  simd.tanhForward.run(x, y)
  const [m, n, k] = [67, 129, 203]
  const c = new Float32Array(m * n)
  gemm(numbers(m * k, "a"), numbers(k * n, "b"), c, m, n, k)
  return bitsOf([y, c])
}

afterAll(() => stopWorkers())

describe("threads", () => {
  let bits = ""
  let most = 1

  it.each([1, 2, 3, 8, 2])("give the same bits: %i", async count => {
    await threadsReady(count)
    most = Math.max(most, count)
    // Those that are not wanted any more are kept for when they are.
    expect(poolWorkers()).toHaveLength(most - 1)
    const found = large()
    bits ||= found
    expect(found).toBe(bits)
  })

  it("share the work: every chunk is done once, and by more than one thread", async () => {
    await threadsReady(2)
    const place = linearMemory()!.allocate(64)!
    const words = new Int32Array(linearMemory()!.handle.buffer, place.pointer, 16)
    // A unit counts itself, and counts itself again if it runs on another thread than the first one did.
    const kernel = counting.kernel("count")!
    let helped = false
    for (let i = 0; i < 50 && !helped; i++) {
      words.fill(0)
      words[0] = place.pointer + 8
      enqueue(kernel, words, 1, 200, 1)
      finishRuns()
      expect(words[2]).toBe(200)
      helped = words[3] !== 0
    }
    expect(helped).toBe(true)
    place.free()
  })

  it("meet in the middle: one works from the first unit on, the other from the last", async () => {
    await threadsReady(2)
    const units = 100
    const place = linearMemory()!.allocate(4 * units + 4)!
    const words = new Int32Array(linearMemory()!.handle.buffer, place.pointer, units + 1)
    let changes = 0
    for (let i = 0; i < 50 && changes === 0; i++) {
      words.fill(0)
      words[0] = place.pointer + 4
      enqueue(counting.kernel("sign")!, words, 1, units, 1)
      finishRuns()
      const signs = words.subarray(1)
      expect(signs).not.toContain(0)
      changes = signs.filter((sign, unit) => unit > 0 && sign !== signs[unit - 1]).length
    }
    expect(changes).toBe(1)
    place.free()
  })
})

/** Counts units at the address in its first word; the next word is set by whoever has not the main thread's scratch. */
const counting = new Program("counting", m => {
  const scratch = m.global("scratch", "i32")
  m.kernel("count", { at: "i32" }, (f, { at }, begin, end) => {
    const i = f.local("i32", "i")
    f.for(i, begin, end, 1, () => {
      f.drop(atomic["rmw.add"](at, 1))
      // Long enough for the others to wake up.
      const spin = f.local("i32", "spin")
      f.for(spin, 0, 20_000, 1, () => f.drop(atomic.load(at)))
    })
    const first = f.let("first", atomic["rmw.cmpxchg"](i32.add(at, 8), 0, scratch.get))
    f.if(i32.and(i32.ne(first, 0), i32.ne(first, scratch.get)), () => f.atomic.store(i32.add(at, 4), 1))
  })
  // Every unit leaves the scratch of its thread in its word.
  m.kernel("sign", { at: "i32" }, (f, { at }, begin, end) => {
    const i = f.local("i32", "i")
    f.for(i, begin, end, 1, () => {
      const spin = f.local("i32", "spin")
      f.for(spin, 0, 20_000, 1, () => f.drop(atomic.load(at)))
      f.i32.store(i32.add(at, i32.mul(i, 4)), scratch.get)
    })
  })
})

describe("a worker that dies", () => {
  beforeEach(() => stopWorkers())

  it("between dispatches is survived with the same bits", async () => {
    const bits = large()
    await threadsReady(3)
    await poolWorkers()[0].terminate()
    expect(large()).toBe(bits)
    await poolWorkers()[1].terminate()
    expect(large()).toBe(bits)
  })

  it.each([
    ["hangs", false],
    ["traps", true],
  ])("in a chunk (it %s) raises an error after 5 seconds, and the pool recovers", async (_, trap) => {
    const bits = large()
    await threadsReady(2)
    expect(() => breakPool(trap)).toThrow(/a worker stopped in the middle of its work, 1 chunks are missing/)
    const ending = poolEnding()
    expect(ending).not.toBeNull()
    // Memory that the lost worker knows stays unused until it has ended; eager work goes on alone, with the same bits.
    expect(() => new Session().step(() => tensor([1]))).toThrow(SelvedgeError)
    ensureWorkers()
    expect(readyThreads()).toBe(1)
    expect(large()).toBe(bits)
    await ending
    expect(poolEnding()).toBeNull()
    expect(new Session().step(() => 1)).toBe(1)
    await threadsReady(2)
    expect(large()).toBe(bits)
  })
})

describe("the number of threads", () => {
  it.each([0, 1.5, -1, 65, Number.NaN, Infinity])("is not %s", count => {
    expect(() => setThreads(count)).toThrow(OptionError)
  })

  const inProcess = (threads: string) => {
    const script = `import { getThreads } from "@selvedge/core"; console.log(getThreads())`
    const options = ["--conditions=@selvedge/source", "--import", "tsx", "--input-type=module", "--eval", script]
    return spawnSync(process.execPath, options, {
      encoding: "utf8",
      env: { ...process.env, SELVEDGE_THREADS: threads },
    })
  }

  it("comes from SELVEDGE_THREADS", () => {
    expect(inProcess("3").stdout.trim()).toBe("3")
    expect(inProcess("0").stderr).toMatch(/SELVEDGE_THREADS: the number of threads must be an integer from 1 to 64/)
  })
})

it("lets the process end while workers sleep", () => {
  const script = `
    import { setThreads, tanh, tensor } from "@selvedge/core"
    setThreads(3)
    for (let i = 0; i < 50; i++) {
      tanh(tensor(new Float32Array(200_000)))
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    console.log("done")`
  const options = ["--conditions=@selvedge/source", "--import", "tsx", "--input-type=module", "--eval", script]
  const { stdout, status } = spawnSync(process.execPath, options, { encoding: "utf8", timeout: 30_000 })
  expect([stdout.trim(), status]).toEqual(["done", 0])
})
