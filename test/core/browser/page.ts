import { poolEnding, setThreads } from "@selvedge/core"
import { existingMemory } from "../../../packages/core/src/kernels/memory.ts"
import { ensureWorkers, poolWorkers, readyThreads } from "../../../packages/core/src/kernels/pool.ts"
import { breakPool } from "../kernels/breakPool.ts"
import { trainedBytes } from "./train.ts"

// What the page of `threads.test.ts` runs: it trains with each number of threads asked for, tells the weights by the
// console, because a policy may forbid to evaluate anything in the page, and how many products were shared out.

// With `lose`, a worker is lost before that, in the middle of its work.

const { searchParams } = new URL(import.meta.url)
const threads = searchParams.get("threads")?.split(",").map(Number) ?? [1]
const pause = () => new Promise(resolve => setTimeout(resolve, 20))
const dispatches = () => (existingMemory() ? new Int32Array(existingMemory()!.handle.buffer, 0, 1)[0] : 0)

for (const count of threads) {
  setThreads(count)
  trainedBytes(1)
  // Those that are to come, come; where none may come, none is kept.
  for (ensureWorkers(); poolWorkers().length > 0 && readyThreads() !== count; ) await pause()
  if (searchParams.get("lose")) await loseWorker(count)
  const before = dispatches()
  const bytes = trainedBytes(10)
  console.log(JSON.stringify({ count, ready: readyThreads(), shared: dispatches() - before, bytes: bytes.join() }))
}
console.log("done")

async function loseWorker(count: number): Promise<void> {
  for (const lose of [() => breakPool(false), () => trainedBytes(1)]) {
    try {
      lose()
    } catch (error) {
      console.warn(String(error))
    }
  }
  // An end that is taken for granted would have been over by now.
  await pause()
  console.warn(`ending: ${poolEnding() !== null}`)
  await poolEnding()
  for (ensureWorkers(); readyThreads() !== count; ) await pause()
}
