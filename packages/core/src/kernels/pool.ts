import { describe, OptionError, SelvedgeError } from "../errors.ts"
import { claims, word } from "./control.ts"
import { availableThreads, environment, type HostWorker, startWorker } from "./host.ts"
import { type Block, existingMemory, reservedBytes } from "./memory.ts"
import type { KernelFunction } from "./wasm/engine.ts"
import { workerSource } from "./worker.ts"

/** Bytes of memory of its own that each thread has. */
export const scratchBytes = 1 << 20
/** Milliseconds of work for several threads, done by one, from which workers are started: twice what starting one takes. */
const worthStarting = 50

/** What a dispatch needs to know about its kernel. */
export interface Dispatch {
  /** Number, address and length of the program's bytes in linear memory, and the kernel's place among its functions. */
  readonly program: number
  readonly bytes: number
  readonly length: number
  readonly kernel: number
  /** The same kernel for the calling thread. */
  readonly run: KernelFunction
}

interface Member {
  readonly worker: HostWorker
  readonly scratch: Block
}

let threads: number | undefined
let members: Member[] = []
let ending: Promise<void> | null = null
/** Workers that were told to end and may still be there. */
let leavers = 0
let words: Int32Array | null = null
let denied = false
let spentAlone = 0

/**
 * How many threads compute, the calling one included. Results have the same bits for any number. Workers beyond it are
 * kept, asleep, for when more are wanted again.
 * @throws OptionError for anything but an integer from 1 to 64.
 */
export function setThreads(count: number): void {
  threads = checkThreads("setThreads", count)
  wake()
}

/** Tells workers how many of them take part: those beyond sleep on this very word. */
function wake(): void {
  if (words === null) return
  Atomics.store(words, word.wanted, getThreads() - 1)
  Atomics.notify(words, word.wanted)
}

function checkThreads(owner: string, count: number): number {
  if (Number.isInteger(count) && count >= 1 && count <= 64) return count
  throw new OptionError(`${owner}: the number of threads must be an integer from 1 to 64, got ${describe(count)}`)
}

/** The number of threads asked for: by `setThreads`, else `SELVEDGE_THREADS`, else one for each core, at most 8. */
export function getThreads(): number {
  if (threads === undefined) {
    const asked = environment("SELVEDGE_THREADS")
    if (asked) threads = checkThreads("SELVEDGE_THREADS", Number(asked))
    threads ??= Math.min(8, availableThreads())
  }
  return threads
}

/** Threads that answer now: 1 until the workers are up, and where there can be none. */
export function readyThreads(): number {
  if (words === null) return 1
  return 1 + Math.min(getThreads() - 1, members.length, Atomics.load(words, word.ready))
}

/** The words of the control block; null before the first worker. */
export const controlWords = (): Int32Array | null => words

/** Resolves when no worker of a broken pool can write to memory any more, in a browser after a second; null when there is none. */
export const poolEnding = (): Promise<void> | null => ending

/** Starts the workers that are wanted and not there yet. They come up while the caller goes on alone. */
export function ensureWorkers(): void {
  const memory = existingMemory()
  // One that is about to end could take a chunk with it: no others start, so that nothing is shared out, while it may.
  if (memory === null || !memory.shared || ending || leavers > 0 || denied) return
  if (words === null) {
    words = new Int32Array(memory.handle.buffer, 0, reservedBytes / 4)
    for (const queued of [word.queued, word.freeQueued]) Atomics.store(words, queued, 1)
    for (const claim of [word.claim, word.freeClaim]) Atomics.store(words, claim, 1 << claims.number)
    wake()
  }
  while (members.length < getThreads() - 1) {
    const scratch = memory.allocate(scratchBytes)
    if (scratch === null) return
    try {
      const data = { memory: memory.handle, scratch: scratch.pointer, index: members.length }
      members.push({ worker: startWorker(workerSource, data, refused), scratch })
    } catch (error) {
      scratch.free()
      deny(error instanceof Error ? error.message : String(error))
      return
    }
  }
}

/** A browser has told that it does not run the program of a worker. */
function refused(): void {
  void stopWorkers()
  deny("the page's policy forbids it")
}

/** Says once that no worker can be started, and goes on with those that are there. */
function deny(reason: string): void {
  if (denied) return
  denied = true
  const left = members.length === 0 ? "one thread" : `${1 + members.length} threads`
  console.warn(`threads: computing on ${left}, because no worker can be started: ${reason}`)
}

/** Starts the workers once as much time has been spent without them as starting them takes: a short run never does. */
export function wantWorkers(): void {
  if (spentAlone >= worthStarting) ensureWorkers()
}

/** Runs a kernel over units [0, units) on the calling thread, though there is work for more. */
export function runAlone(kernel: Dispatch, args: number, units: number): void {
  const begun = performance.now()
  kernel.run(args, 0, units)
  spentAlone += performance.now() - begun
}

/** Ends all workers, since one of them is lost, and gives the error that says so. */
export function loseWorkers(chunks: number): SelvedgeError {
  // The one that hangs may still write: until it has ended, no step uses the memory it knows.
  const all = stopWorkers().then(() => {
    ending = null
  })
  ending = all
  return new SelvedgeError(`threads: a worker stopped in the middle of its work, ${chunks} chunks are missing`, {
    rule: "a chunk that was started makes progress within 5 seconds",
    hint: "results of this step are lost; restore the model from its last checkpoint",
  })
}

/** Ends all workers; they start again when they are next wanted. Idle ones touch nothing, so nobody has to wait. */
export function stopWorkers(): Promise<void> {
  const leaving = members
  members = []
  leavers += leaving.length
  if (words !== null) Atomics.store(words, word.ready, 0)
  return Promise.all(leaving.map(member => member.worker.terminate())).then(() => {
    for (const member of leaving) member.scratch.free()
    leavers -= leaving.length
    // Those that slept, or were still coming up, leave their counts behind.
    if (words !== null) for (const count of [word.ready, word.sleeping]) Atomics.store(words, count, 0)
  })
}

/** The workers themselves, for the tests that end one. */
export function poolWorkers(): readonly HostWorker[] {
  return members.map(member => member.worker)
}
