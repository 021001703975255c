import { claims, entry, ring, word } from "./control.ts"
import { allowsWaiting, availableThreads } from "./host.ts"
import { controlWords, type Dispatch, getThreads, loseWorkers } from "./pool.ts"

const mostChunks = claims.mask - 1
const patience = 5_000

/** Entries of one kind, in the order in which they were queued. */
const queueOf = (first: number, claim: number, queued: number) => ({
  kernels: new Array<Dispatch | null>(ring.entries).fill(null),
  /** Where its ring begins; the words that say which chunk is taken next, and what the next entry's number is. */
  ...{ first, claim, queued },
  /** The number of the next entry, and of the first that may not be done. */
  ...{ next: 1, open: 1 },
})
type Queue = ReturnType<typeof queueOf>
const placeOf = (queue: Queue, number: number) => queue.first + (number % ring.entries) * ring.entryWords

/** Runs that begin when all before them in the chain are done. */
const chain = queueOf(ring.chain, word.claim, word.queued)
/** Runs that begin then as well, but that nobody waits for before `finishRuns`. */
const free = queueOf(ring.free, word.freeClaim, word.freeQueued)
let freeChunks = 0
let manner: "queued" | "at once" | "in any order" = "queued"
/** Workers were lost: the words that count what is done are to be set anew. */
let broken = false
/** How many the machine has; 0: not asked yet, which takes a system call. */
let cores = 0

/** How many free runs there ever were, modulo a large number: who sees it unchanged has queued none. */
export const freeRuns = (): number => free.next

/** The number of the chain's last run. */
const last = () => (chain.next - 1) & claims.numbers

/** Whether the whole chain is done, so that the calling thread may run a kernel at once. */
export function isSettled(): boolean {
  return chain.open === chain.next || Atomics.load(controlWords() as Int32Array, word.completed) === last()
}

function inManner<T>(next: typeof manner, fn: () => T): T {
  const before = manner
  manner = next
  try {
    return fn()
  } finally {
    manner = before
  }
}

/** Runs `fn`, which may know nothing of queues: whatever kernel it starts is done when it goes on. */
export const runAtOnce = <T>(fn: () => T): T => inManner("at once", fn)

/** Runs `fn`, no two of whose kernels touch the same numbers: all that it starts are free runs, and done when it returns. */
export function inAnyOrder(fn: () => void): void {
  inManner(mayQueue() ? "in any order" : manner, fn)
  finishRuns()
}

/** Whether the calling code knows of queues. */
export const mayQueue = (): boolean => manner !== "at once"

/** Whether the kernels that it starts may run in any order. */
export const isUnordered = (): boolean => manner === "in any order"

/**
 * Leaves units [0, units) of a kernel's run to whichever threads come first, the calling one included once it calls
 * `finishRuns`; with a copy of its arguments, and in chunks of `grain` units. There must be workers.
 *
 * A run begins when all runs queued before it are done, except free ones. A free run, in turn, may be done any time before
 * `finishRuns` returns: until then nobody may change what it reads or look at what it writes.
 */
export function enqueue(
  kernel: Dispatch,
  args: Int32Array,
  count: number,
  units: number,
  grain: number,
  isFree = false,
): void {
  const w = controlWords() as Int32Array
  const to = isFree ? free : chain
  if (((to.next - to.open) & claims.numbers) >= ring.entries) finishRuns()
  if (broken) {
    // The lost workers have ended: nobody counts for runs that were abandoned any more.
    Atomics.store(w, word.completed, last())
    Atomics.store(w, word.finished, 0)
    broken = false
  }
  const at = placeOf(to, to.next)
  const chunks = describeRun(w, at, kernel, units, grain)
  for (let i = 0; i < count; i++) w[at + ring.argumentWords + i] = args[i]
  to.kernels[to.next % ring.entries] = kernel
  if (isFree) freeChunks += chunks
  to.next = (to.next + 1) & claims.numbers
  Atomics.store(w, to.queued, to.next)
  Atomics.add(w, word.called, 1)
  if (Atomics.load(w, word.sleeping) > 0) Atomics.notify(w, word.called)
}

function describeRun(w: Int32Array, at: number, kernel: Dispatch, units: number, grain: number): number {
  const size = Math.max(grain, Math.ceil(units / mostChunks))
  const chunks = Math.ceil(units / size)
  w[at + entry.program] = kernel.program
  w[at + entry.bytes] = kernel.bytes
  w[at + entry.length] = kernel.length
  w[at + entry.kernel] = kernel.kernel
  w[at + entry.units] = units
  w[at + entry.grain] = size
  w[at + entry.chunks] = chunks
  w[at + entry.after] = last()
  w[at + entry.done] = 0
  return chunks
}

/**
 * Takes part in all runs that are queued, and returns when they are done. Whoever looks at a buffer that kernels write to,
 * or changes one that they read, calls this first; `Tensor.read` and loops of `vectorized` do.
 * @throws SelvedgeError when a worker took a chunk and made no progress for five seconds.
 */
export function finishRuns(): void {
  if (chain.open === chain.next && free.open === free.next) return
  const w = controlWords() as Int32Array
  for (;;) {
    const found = takeChunk(w, chain)
    if (found === busy) continue
    const other = takeChunk(w, free)
    if (other === busy) continue
    if (found === empty && other === empty) break
    // Others are doing the last chunks of what comes before.
    waitForRun(w, found === empty ? other : found)
  }
  waitForRun(w, last())
  if (freeChunks > 0) waitFor(w, word.finished, freeChunks, word.finished, freeChunks)
  Atomics.store(w, word.finished, 0)
  freeChunks = 0
  chain.open = chain.next
  free.open = free.next
}

const empty = -1
const busy = -2

/**
 * Runs the next chunk.
 * @returns `busy`, also where another thread was quicker; `empty` when all are taken; or the number of the run of the chain
 *   that must be done before.
 */
function takeChunk(w: Int32Array, from: Queue): number {
  const claim = Atomics.load(w, from.claim)
  const number = claim >>> claims.number
  if (number === from.next) return empty
  const at = placeOf(from, number)
  const before = w[at + entry.after]
  if (!isPast(Atomics.load(w, word.completed), before)) return before
  const front = claim & claims.mask
  const left = w[at + entry.chunks] - front - ((claim >>> claims.bits) & claims.mask)
  const next = left > 1 ? claim + 1 : ((number + 1) & claims.numbers) << claims.number
  if (Atomics.compareExchange(w, from.claim, claim, next) !== claim) return busy
  const grain = w[at + entry.grain]
  const end = Math.min(w[at + entry.units], (front + 1) * grain)
  from.kernels[number % ring.entries]?.run(4 * (at + ring.argumentWords), front * grain, end)
  if (from === free) Atomics.add(w, word.finished, 1)
  else if (Atomics.add(w, at + entry.done, 1) + 1 === w[at + entry.chunks]) Atomics.store(w, word.completed, number)
  return busy
}

/** Whether a count, modulo 2^18, has reached a value that it is never far from. */
const isPast = (count: number, value: number) => (count - value) << claims.number >= 0

/** Waits until a run of the chain, and with it all before it, is done. */
function waitForRun(w: Int32Array, number: number): void {
  const at = placeOf(chain, number)
  waitFor(w, word.completed, number, at + entry.done, w[at + entry.chunks])
}

/**
 * Waits until the word at `place` reaches a value.
 * @throws SelvedgeError when the word that counts chunks, `chunks` of which are wanted, makes no progress for five seconds.
 */
function waitFor(w: Int32Array, place: number, value: number, counter: number, chunks: number): void {
  // Spinning is quickest while every thread has a core; with more threads than cores it would hold one up.
  cores ||= availableThreads()
  const spins = getThreads() <= cores ? 200_000 : 1_000
  for (let i = 0; i < spins; i++) if (isPast(Atomics.load(w, place), value)) return
  const mayWait = allowsWaiting()
  let seen = -1
  let since = performance.now()
  for (let now = Atomics.load(w, place); !isPast(now, value); now = Atomics.load(w, place)) {
    if (mayWait) Atomics.wait(w, place, now, 0.2)
    const done = Atomics.load(w, counter)
    if (done !== seen) since = performance.now()
    else if (performance.now() - since > patience) {
      abandon(w)
      throw loseWorkers(chunks - done)
    }
    seen = done
  }
}

/** Forgets what is queued, so that nobody begins it. */
function abandon(w: Int32Array): void {
  for (const queue of [chain, free]) {
    Atomics.store(w, queue.claim, queue.next << claims.number)
    queue.open = queue.next
  }
  freeChunks = 0
  broken = true
}
