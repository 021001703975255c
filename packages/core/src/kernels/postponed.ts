import { callWorkers, controlWords, type Dispatch, describeWork, readyThreads, waitFor, word } from "./pool.ts"

/**
 * Work that nobody waits for yet stands in a ring in linear memory, each entry the words that describe it and then its
 * arguments; `worker.ts` has the same. The word `next` is the entry, and in its lowest bits the chunk, that is taken next.
 */
const ring = { first: 1024, entries: 256, entryWords: 48, argumentWords: 8 } as const
const chunkBits = 8
const numbers = 0xffffff

const kernels = new Array<Dispatch | null>(ring.entries).fill(null)
/** How many entries there have been, and how many chunks since all were done. */
let queued = 0
let chunks = 0

/** How many runs were ever postponed, modulo a large number: who sees it unchanged has postponed nothing. */
export function postponedRuns(): number {
  return queued
}

/**
 * Leaves a kernel's run to the workers, with a copy of its arguments, while the calling thread goes on. Until
 * `finishPostponed` nobody may change what it reads or look at what it writes, and it may not depend on another such run.
 * @returns false where there is nobody to leave it to.
 */
export function postpone(kernel: Dispatch, args: Int32Array, count: number, units: number, grain: number): boolean {
  const w = controlWords()
  if (w === null || readyThreads() === 1) return false
  if (kernels[queued % ring.entries] !== null) finishPostponed()
  if (chunks === 0) Atomics.store(w, word.finished, 0)
  const at = placeOf(queued)
  for (let i = 0; i < count; i++) w[at + ring.argumentWords + i] = args[i]
  chunks += describeWork(w, at, kernel, 4 * (at + ring.argumentWords), units, grain)
  kernels[queued % ring.entries] = kernel
  queued = (queued + 1) & numbers
  Atomics.store(w, word.queued, queued)
  callWorkers(w)
  return true
}

const placeOf = (entry: number) => ring.first + (entry % ring.entries) * ring.entryWords

/**
 * Does what was postponed and nobody has begun, and waits for the rest.
 * @throws SelvedgeError when a worker took a chunk of it and made no progress for five seconds.
 */
export function finishPostponed(): void {
  const w = controlWords()
  if (chunks === 0 || w === null) return
  const wanted = chunks
  while (takeChunk(w)) Atomics.add(w, word.finished, 1)
  chunks = 0
  kernels.fill(null)
  if (Atomics.load(w, word.finished) < wanted) waitFor(w, word.finished, wanted)
}

/** Runs the next chunk; false when all are taken. */
function takeChunk(w: Int32Array): boolean {
  for (;;) {
    const next = Atomics.load(w, word.next)
    const entry = next >>> chunkBits
    if (entry === queued) return false
    const chunk = next & ((1 << chunkBits) - 1)
    const at = placeOf(entry)
    const [args, units, grain, count] = [w[at + 4], w[at + 5], w[at + 6], w[at + 7]]
    const after = chunk + 1 < count ? next + 1 : ((entry + 1) & numbers) << chunkBits
    if (Atomics.compareExchange(w, word.next, next, after) !== next) continue
    kernels[entry % ring.entries]?.run(args, chunk * grain, Math.min(units, (chunk + 1) * grain))
    return true
  }
}
