import { SelvedgeError } from "../errors.ts"
import { type Arena, type Buffer, insideStep, type Storage, useArena } from "../storage.ts"
import { clearLater, clearLinear } from "./clear.ts"
import { type Block, existingMemory, linearMemory, type Memory } from "./memory.ts"
import { getKernels } from "./mode.ts"
import { poolEnding } from "./pool.ts"
import { finishRuns } from "./queue.ts"
import { widenIfAsked } from "./wide.ts"

/** Bytes of linear memory that mirrors of all sessions together may fill before the longest unused is evicted. */
let mirrorBudget = 1 << 30

/** Sets that number of bytes, for tests; returns the former. */
export function setMirrorBudget(bytes: number): number {
  const before = mirrorBudget
  mirrorBudget = bytes
  return before
}

/** Bytes of the first step's block: where it does not touch them they cost nothing. */
const firstArena = 4 << 20

/** The buffers of a running step: one block, handed out from front to back and used again by the next step. */
class StepArena implements Arena {
  readonly #memory: Memory
  #block: Block | null = null
  #views: Float32Array[] = []
  #next = 0
  #taken = 0
  #wanted = 0
  peak = 0
  /** Buffers that did not fit and came from the heap. */
  overflows = 0

  constructor(memory: Memory) {
    this.#memory = memory
  }

  get bytes(): number {
    return this.#block?.bytes ?? 0
  }

  take(size: number): Float32Array | null {
    const bytes = Math.max(64, Math.ceil(size / 16) * 64)
    this.#wanted += bytes
    if (this.#block === null || this.#taken + bytes > this.#block.bytes) {
      this.overflows++
      return null
    }
    const pointer = this.#block.pointer + this.#taken
    this.#taken += bytes
    // A step asks for the same sizes in the same order as the one before: its views can serve again.
    const at = this.#next++
    const kept = this.#views[at]
    if (kept !== undefined && kept.length === size && kept.byteOffset === pointer) return kept
    const view = this.#memory.floats(pointer, size)
    this.#views[at] = view
    return view
  }

  readonly clear = clearLinear
  readonly clearLater = clearLater

  owns(buffer: Buffer): boolean {
    return this.#memory.owns(buffer)
  }

  /** Makes all of it free, and larger when the last step wanted more than there was. */
  reset(): void {
    this.peak = Math.max(this.peak, this.#wanted)
    if (this.#wanted > this.bytes || this.#block === null) {
      this.#block?.free()
      this.#block = this.#memory.allocate(Math.max(firstArena, Math.ceil(this.#wanted * 1.25)))
      this.#views = []
    } else if (this.#views[0]?.length === 0) this.#views = []
    this.#next = 0
    this.#taken = 0
    this.#wanted = 0
  }

  /** Overwrites what an ended step left, so that whoever still reads it sees it. */
  poison(): void {
    this.#block?.floats.fill(Number.NaN)
  }
}

interface Mirror {
  readonly block: Block
  users: number
}

const mirrors = new Map<Storage, Mirror>()
/** Longest unused first. */
const sessions = new Set<Session>()
let arena: StepArena | null = null
let mirrorBytes = 0
let poisoning = false

/** Anything that has a storage: a weight, an optimizer's slot. */
export interface Stored {
  readonly storage: Storage
}

/**
 * The use of linear memory by one trainer: mirrors of its weights and slots, and steps whose intermediate results live
 * in the arena. It knows storages, never the trainer or the model, so that both can be collected.
 */
export class Session {
  /** Leads to the session while it is open: a registry that holds this keeps no closed one, nor its weights, alive. */
  readonly handle: { session: Session | null } = { session: null }
  #storages: Storage[] = []
  #mirrored = false
  #running = false
  #next: Storage[] | null = null

  /** Names the weights and slots that the next steps use. Within a step of this session it waits for its end. */
  adopt(tensors: Iterable<Stored>): void {
    const storages = [...new Set(Array.from(tensors, tensor => tensor.storage))]
    if (this.#running) this.#next = storages
    else this.#use(storages)
  }

  #use(storages: Storage[]): void {
    if (storages.length === this.#storages.length && storages.every((s, i) => s === this.#storages[i])) return
    this.close()
    this.#storages = storages
  }

  /**
   * Runs one step: what `fn` computes lies in the arena and is gone when it returns, except weights, gradients until
   * the next step begins, and what was looked at or cloned.
   */
  step<T>(fn: () => T): T {
    const memory = getKernels() === "wasm" && !insideStep() ? linearMemory() : null
    if (memory === null) return fn()
    if (poolEnding() !== null) {
      throw new SelvedgeError("session: a worker of a broken thread pool is still ending", {
        hint: "await the end of the pool before the next step",
      })
    }
    this.#begin(memory)
    try {
      try {
        return fn()
      } finally {
        finishRuns()
      }
    } finally {
      this.#end(memory)
    }
  }

  /** Writes mirrors back and gives their memory away. The session can be used again. */
  close(): void {
    sessions.delete(this)
    this.handle.session = null
    if (!this.#mirrored) return
    this.#mirrored = false
    finishRuns()
    for (const storage of this.#storages) release(storage)
  }

  #begin(memory: Memory): void {
    widenIfAsked()
    memory.onDetach = viewMirrorsAnew
    sessions.delete(this)
    sessions.add(this)
    this.handle.session = this
    if (!this.#mirrored) {
      this.#mirrored = true
      for (const storage of this.#storages) mirror(memory, storage, this)
    }
    arena ??= new StepArena(memory)
    arena.reset()
    for (const storage of this.#storages) storage.beforeStep()
    memory.pinned = true
    this.#running = true
    useArena(arena)
  }

  #end(memory: Memory): void {
    useArena(null)
    memory.pinned = false
    for (const storage of this.#storages) storage.afterStep()
    this.#running = false
    if (this.#next !== null) this.#use(this.#next)
    this.#next = null
    if (poisoning) arena?.poison()
  }
}

function mirror(memory: Memory, storage: Storage, session: Session): void {
  const kept = mirrors.get(storage)
  if (kept) {
    kept.users++
    return
  }
  const bytes = storage.length * 4
  let block = mirrorBytes + bytes <= mirrorBudget ? memory.allocate(bytes) : null
  for (const other of sessions) {
    if (block !== null) break
    if (other === session) continue
    other.close()
    block = mirrorBytes + bytes <= mirrorBudget ? memory.allocate(bytes) : null
  }
  // Without room the weight stays on the heap, and kernels copy it in and out: slower, never wrong.
  if (block === null) return
  mirrors.set(storage, { block, users: 1 })
  mirrorBytes += block.bytes
  storage.mirror(block.floats.subarray(0, storage.length))
}

function viewMirrorsAnew(): void {
  for (const [storage, { block }] of mirrors) storage.mirror(block.floats.subarray(0, storage.length))
}

function release(storage: Storage): void {
  const kept = mirrors.get(storage)
  if (!kept || --kept.users > 0) return
  mirrors.delete(storage)
  mirrorBytes -= kept.block.bytes
  storage.unmirror()
  kept.block.free()
}

/** Fills the buffers of every ended step with NaN, so that a use after the end cannot go unseen. For debugging; returns the former. */
export function poisonEndedSteps(on: boolean): boolean {
  const before = poisoning
  poisoning = on
  return before
}

const abandoned = new FinalizationRegistry<Session["handle"]>(handle => handle.session?.close())

/** Closes a session when its owner has been collected, before room is short. */
export function closeWith(owner: object, session: Session): void {
  abandoned.register(owner, session.handle)
}

/** What the library holds in linear memory, in bytes where not said otherwise. */
export interface MemoryReport {
  /** What linear memory has grown to, and what of it is in use. */
  readonly linear: number
  readonly used: number
  /** Mirrors of weights, slots. */
  readonly mirrors: number
  /** What steps compute in, and the most that one step wanted. */
  readonly arena: number
  readonly arenaPeak: number
  /** How many sessions are open. */
  readonly sessions: number
  /** How many mirrored weights somebody may look at, so that they are copied at each step. */
  readonly exposed: number
  /** How often a step's buffer came from the heap because the arena was too small. */
  readonly fallbacks: number
}

/** What the library holds in linear memory now. Nothing of it has to be freed by hand. */
export function memory(): MemoryReport {
  const linear = existingMemory()
  return {
    linear: linear?.size ?? 0,
    used: linear?.used ?? 0,
    mirrors: mirrorBytes,
    arena: arena?.bytes ?? 0,
    arenaPeak: arena?.peak ?? 0,
    sessions: sessions.size,
    exposed: [...mirrors.keys()].filter(storage => storage.exposed).length,
    fallbacks: arena?.overflows ?? 0,
  }
}
