import { setThreads } from "@selvedge/core"
import { existingMemory } from "../../../packages/core/src/kernels/memory.ts"
import { ensureWorkers, poolWorkers, readyThreads } from "../../../packages/core/src/kernels/pool.ts"
import { trainedBytes } from "./train.ts"

// What the page of `threads.test.ts` runs: it trains with each number of threads asked for, tells the weights by the
// console, because a policy may forbid to evaluate anything in the page, and how many products were shared out.

const threads = new URL(import.meta.url).searchParams.get("threads")?.split(",").map(Number) ?? [1]
const pause = () => new Promise(resolve => setTimeout(resolve, 20))
const dispatches = () => (existingMemory() ? new Int32Array(existingMemory()!.handle.buffer, 0, 1)[0] : 0)

for (const count of threads) {
  setThreads(count)
  trainedBytes(1)
  // Those that are to come, come; where none may come, none is kept.
  for (ensureWorkers(); poolWorkers().length > 0 && readyThreads() !== count; ) await pause()
  const before = dispatches()
  const bytes = trainedBytes(10)
  console.log(JSON.stringify({ count, ready: readyThreads(), shared: dispatches() - before, bytes: bytes.join() }))
}
console.log("done")
