import type { Buffer } from "../storage.ts"
import { type LinearMemory, wasmEngine } from "./wasm/engine.ts"

const pageBytes = 65_536
/** The lowest bytes hold the control block and the kernels' arguments. */
export const reservedBytes = 2 * pageBytes
const alignment = 64

interface Gap {
  pointer: number
  bytes: number
}

/** A piece of linear memory, until `free`. */
export class Block {
  readonly pointer: number
  readonly bytes: number
  readonly #memory: Memory
  #view: Float32Array | null = null

  constructor(memory: Memory, pointer: number, bytes: number) {
    this.#memory = memory
    this.pointer = pointer
    this.bytes = bytes
  }

  /** Its numbers. Growing an unshared memory detaches views, so ask again rather than keep it across steps. */
  get floats(): Float32Array {
    if (this.#view === null || this.#view.length === 0) this.#view = this.#memory.floats(this.pointer, this.bytes / 4)
    return this.#view
  }

  free(): void {
    this.#memory.free(this)
  }
}

/**
 * The one WebAssembly memory in which kernels compute, shared between threads where the host allows it, with a
 * first-fit allocator. Kernels see it whole; everybody else sees blocks.
 */
export class Memory {
  readonly handle: LinearMemory
  readonly shared: boolean
  /** Forbids growth while views are in use: set during a step where growing would detach them. */
  pinned = false
  /** Called when growing has detached every view: only a memory that is not shared does that. */
  onDetach: () => void = () => {}
  #gaps: Gap[] = []
  #end: number
  #used = 0
  /** Growing gives the memory another buffer object; views of the former ones live on where it is shared. */
  readonly #buffers = new WeakSet<object>()
  #latest: object

  constructor(handle: LinearMemory, shared: boolean) {
    this.handle = handle
    this.shared = shared
    this.#end = handle.buffer.byteLength
    this.#latest = handle.buffer
    this.#buffers.add(handle.buffer)
    this.#gaps.push({ pointer: reservedBytes, bytes: this.#end - reservedBytes })
  }

  /** Bytes in blocks. */
  get used(): number {
    return this.#used
  }

  /** Bytes the memory has grown to. */
  get size(): number {
    return this.#end
  }

  /** A block of at least `bytes`, or null when there is no room. */
  allocate(bytes: number): Block | null {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment)
    const gap = this.#gaps.find(candidate => candidate.bytes >= size) ?? this.#grow(size)
    if (gap === null) return null
    const block = new Block(this, gap.pointer, size)
    gap.pointer += size
    gap.bytes -= size
    if (gap.bytes === 0) this.#gaps = this.#gaps.filter(other => other !== gap)
    this.#used += size
    return block
  }

  free(block: Block): void {
    this.#used -= block.bytes
    this.#release({ pointer: block.pointer, bytes: block.bytes })
  }

  floats(pointer: number, length: number): Float32Array {
    return new Float32Array(this.handle.buffer, pointer, length)
  }

  /** True for a view of this memory, also one made before it grew. */
  owns(buffer: Buffer | { readonly buffer: ArrayBufferLike }): boolean {
    return buffer.buffer === this.#latest || this.#buffers.has(buffer.buffer)
  }

  #grow(bytes: number): Gap | null {
    if (this.pinned && !this.shared) return null
    const last = this.#gaps.at(-1)
    const tail = last && last.pointer + last.bytes === this.#end ? last.bytes : 0
    // Growing by a quarter at least keeps the number of growths small.
    for (const wanted of [Math.max(bytes - tail, this.#end / 4), bytes - tail]) {
      const pages = Math.ceil(wanted / pageBytes)
      try {
        this.handle.grow(pages)
      } catch {
        continue
      }
      this.#latest = this.handle.buffer
      this.#buffers.add(this.#latest)
      this.#release({ pointer: this.#end, bytes: pages * pageBytes })
      this.#end += pages * pageBytes
      if (!this.shared) this.onDetach()
      return this.#gaps.find(gap => gap.bytes >= bytes) ?? null
    }
    return null
  }

  #release(gap: Gap): void {
    const gaps = this.#gaps
    let at = gaps.findIndex(other => other.pointer > gap.pointer)
    if (at < 0) at = gaps.length
    gaps.splice(at, 0, gap)
    const after = gaps[at + 1]
    if (after && gap.pointer + gap.bytes === after.pointer) {
      gap.bytes += after.bytes
      gaps.splice(at + 1, 1)
    }
    const before = gaps[at - 1]
    if (before && before.pointer + before.bytes === gap.pointer) {
      before.bytes += gap.bytes
      gaps.splice(at, 1)
    }
  }
}

let memory: Memory | null | undefined

/** The library's linear memory, made at the first call; null where WebAssembly is missing or forbidden. */
export function linearMemory(): Memory | null {
  if (memory === undefined) memory = createMemory()
  return memory
}

/** The linear memory if there already is one. */
export function existingMemory(): Memory | null {
  return memory ?? null
}

/** The most pages the memory may grow to: an import of it must state the same. */
export let memoryLimit = 65_536

function createMemory(): Memory | null {
  const engine = wasmEngine()
  if (engine === null) return null
  const shareable = typeof SharedArrayBuffer !== "undefined"
  // Some hosts refuse to reserve 4 GiB of addresses, and pages without isolation refuse to share.
  for (const maximum of [65_536, 16_384, 4_096]) {
    for (const shared of shareable ? [true, false] : [false]) {
      try {
        // One that cannot grow during a step starts larger; pages that nobody touches cost nothing.
        const handle = new engine.Memory({ initial: shared ? 32 : 1024, maximum, shared })
        memoryLimit = maximum
        return new Memory(handle, shared)
      } catch {}
    }
  }
  return null
}
