import {
  add,
  type Buffer,
  backward,
  finishRuns,
  linear,
  mul,
  poisonEndedSteps,
  Session,
  setThreads,
  stream,
  sum,
  type Tensor,
  tensor,
} from "@selvedge/core"
import { afterAll, expect, it } from "vitest"
import { watch } from "../../../packages/core/src/autograd.ts"
import { linearMemory } from "../../../packages/core/src/kernels/memory.ts"
import { poolEnding, stopWorkers } from "../../../packages/core/src/kernels/pool.ts"
import { Program } from "../../../packages/core/src/kernels/program.ts"
import { enqueue } from "../../../packages/core/src/kernels/queue.ts"
import { atomic, i32 } from "../../../packages/core/src/kernels/wasm/index.ts"
import { bitsOf, threadsReady } from "./twins.ts"

afterAll(() => stopWorkers())

const program = new Program("postponed", m => {
  const scratch = m.global("scratch", "i32")
  m.kernel("learn", { at: "i32" }, (f, { at }) => f.i32.store(at, scratch.get))
  /** Adds a number to each unit's word. */
  m.kernel("mark", { at: "i32", number: "i32" }, (f, { at, number }, begin, end) => {
    const i = f.local("i32", "i")
    f.for(i, begin, end, 1, () => f.drop(atomic["rmw.add"](i32.add(at, i32.mul(i, 4)), number)))
  })
  /** Adds 1 to each unit's word if all of them have the given value. */
  m.kernel("follow", { at: "i32", value: "i32" }, (f, { at, value }, begin, end) => {
    const i = f.local("i32", "i")
    f.for(i, begin, end, 1, () => {
      const word = f.let("word", i32.add(at, i32.mul(i, 4)))
      f.if(i32.eq(i32.load(word), value), () => f.i32.store(word, i32.add(value, 1)))
    })
  })
  /** Counts itself in `to` if the word at `at` has reached a value. */
  m.kernel("atLeast", { at: "i32", value: "i32", to: "i32" }, (f, { at, value, to }) => {
    f.if(i32.ge_s(atomic.load(at), value), () => f.drop(atomic["rmw.add"](to, 1)))
  })
  /** Keeps a thread busy for some milliseconds. */
  m.kernel("dawdle", { at: "i32" }, (f, { at }) => {
    const spin = f.local("i32", "spin")
    f.for(spin, 0, 10_000_000, 1, () => f.drop(atomic.load(at)))
  })
  /** Never ends, except on the main thread: there it waits until a worker has begun. */
  m.kernel("stick", { main: "i32", flag: "i32" }, (f, { main, flag }) => {
    f.if(
      i32.eq(scratch.get, main),
      () => f.while(i32.eqz(atomic.load(flag)), () => {}),
      () => {
        f.atomic.store(flag, 1)
        f.loop(again => f.branch(again))
      },
    )
  })
})

function wordsOf(count: number): { address: number; words: Int32Array } {
  const { pointer } = linearMemory()!.allocate(4 * count)!
  const words = new Int32Array(linearMemory()!.handle.buffer, pointer, count)
  words.fill(0)
  return { address: pointer, words }
}

it.each([2, 8])(
  "does every unit once, with the arguments of its own time, in %i threads, however many runs wait",
  async threads => {
    await threadsReady(threads)
    const { address, words } = wordsOf(7)
    const mark = program.kernel("mark")!
    for (let round = 0; round < 20; round++) {
      words.fill(0)
      const args = Int32Array.of(address, 0)
      // A ring has 256 entries.
      for (let number = 1; number <= 600; number++) {
        args[1] = number
        enqueue(mark, args, 2, 7, 2, number % 3 === 0)
      }
      finishRuns()
      expect([...words]).toEqual(Array(7).fill(180_300))
    }
  },
)

it.each([2, 3, 8])("begins a run when those before it are done, in %i threads", async threads => {
  await threadsReady(threads)
  const { address, words } = wordsOf(64)
  const follow = program.kernel("follow")!
  for (let round = 0; round < 20; round++) {
    words.fill(0)
    for (let run = 0; run < 500; run++) {
      enqueue(follow, Int32Array.of(address, run), 2, 64, 1 + (run % 9))
      // Numbers of entries go round after 2^18, which no test waits for, and places in the ring after 256.
      if (run % 100 === 99) finishRuns()
    }
    finishRuns()
    expect([...words]).toEqual(Array(64).fill(500))
  }
})

it("does free runs beside the others, after those queued before them", async () => {
  await threadsReady(2)
  const { address, words } = wordsOf(8)
  const [mark, follow] = [program.kernel("mark")!, program.kernel("follow")!]
  for (let round = 0; round < 200; round++) {
    words.fill(0)
    // Unit 0 counts to 40 in the chain; each free run finds at least the count of its time, or it leaves it as it is.
    for (let run = 0; run < 40; run++) {
      enqueue(follow, Int32Array.of(address, run), 2, 1, 1)
      enqueue(program.kernel("atLeast")!, Int32Array.of(address, run + 1, address + 16), 3, 1, 1, true)
      enqueue(mark, Int32Array.of(address + 8, 1), 2, 1, 1, true)
    }
    finishRuns()
    expect([words[0], words[2], words[4]]).toEqual([40, 40, 40])
  }
})

/** Gradients of layers of which, with `together`, one is used twice in a row, and one penalised before and one after it is used. */
function gradients(together = true): Float32Array[] {
  const numbers = (n: number, id: string) => stream(1, "test", id).uniform(new Float32Array(n))
  const kernels = Array.from({ length: 30 }, (_, i) =>
    tensor(
      numbers(100 * 100, `kernel ${i}`).map(x => x / 60),
      [100, 100],
      { requiresGrad: true },
    ),
  )
  const [middle, last] = [kernels[15], kernels[29]]
  const session = new Session()
  session.adopt(kernels)
  return session.step(() => {
    let y = tensor(numbers(64 * 100, "x"), [64, 100])
    let early = sum(y)
    for (const kernel of together ? [...kernels, last] : kernels) {
      if (together && kernel === middle) early = sum(mul(middle, middle))
      y = linear(y, kernel)
    }
    // A worker may have this to do first, so that products are waiting wherever somebody might take them for done.
    enqueue(program.kernel("dawdle")!, Int32Array.of(0), 1, 1, 1, true)
    const loss = sum(mul(y, y))
    backward(together ? add(add(loss, early), sum(mul(last, last))) : loss)
    return kernels.map(kernel => Float32Array.from(kernel.grad?.read() ?? []))
  })
}

it("leaves the bits of every gradient as they are, also where several come together", async () => {
  await threadsReady(2)
  // Else what was left from the step before would pass for this one's.
  const before = poisonEndedSteps(true)
  for (const together of [false, true]) {
    setThreads(1)
    const bits = bitsOf(gradients(together))
    setThreads(2)
    for (let i = 0; i < 10; i++) expect(bitsOf(gradients(together))).toBe(bits)
  }
  poisonEndedSteps(before)
})

it("is finished before anybody who watches sees a gradient", async () => {
  await threadsReady(2)
  const seen = (threads: number): string => {
    setThreads(threads)
    const found: Float32Array[] = []
    const nothing = () => {}
    const passed = (_: string, _y: Tensor, _inputs: readonly Tensor[], passedOn: readonly (Buffer | null)[]) => {
      for (const gradient of passedOn) if (gradient) found.push(Float32Array.from(gradient))
    }
    watch({ made: nothing, passing: nothing, passed })
    try {
      gradients()
    } finally {
      watch(null)
    }
    return bitsOf(found)
  }
  expect(seen(2)).toBe(seen(1))
})

it.each([
  ["free ", true],
  ["", false],
])("raises an error after five seconds when a worker is lost in a %srun, and goes on afterwards", async (_, isFree) => {
  await threadsReady(2)
  const { address, words } = wordsOf(16)
  words[0] = address + 32
  program.kernel("learn")!.run(address, 0, 1)
  const stick = Int32Array.of(words[8], address + 36)
  enqueue(program.kernel("stick")!, stick, 2, 2, 1, isFree)
  // What comes after it is not begun.
  enqueue(program.kernel("mark")!, Int32Array.of(address + 8, 1), 2, 7, 2)
  expect(() => finishRuns()).toThrow(/a worker stopped in the middle of its work, 1 chunks are missing/)
  await poolEnding()
  await threadsReady(2)
  expect([...words.subarray(2, 7)]).toEqual(Array(5).fill(isFree ? 1 : 0))
  words.fill(0)
  enqueue(program.kernel("mark")!, Int32Array.of(address, 5), 2, 7, 2)
  finishRuns()
  expect([...words.subarray(0, 7)]).toEqual(Array(7).fill(5))
})
