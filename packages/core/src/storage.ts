import { StaleTensorError } from "./errors.ts"

/** What a tensor's numbers lie in: float32, or float64 inside `withFloat64`. */
export type Buffer = Float32Array | Float64Array

/** Hands out the buffers of a running step; see `session.ts`. */
export interface Arena {
  /** A buffer of undefined content, or null when the arena is full. */
  take(size: number): Float32Array | null
  /** True for a buffer that this arena handed out. */
  owns(buffer: Buffer): boolean
  /** Fills one of its buffers with zeros: a new one, or one that kernels may still use. */
  clear(buffer: Buffer): void
  clearLater(buffer: Buffer): void
}

let float64 = false
let arena: Arena | null = null
// Beside the arena, not in its place: within `onHeap` a step is still a step.
let heapOnly = false
// Counts the beginnings and ends of steps: a buffer of a step is good only while the clock stands where it was taken.
let clock = 0

/**
 * A buffer for `size` numbers. Its content is undefined: an op writes every element. Within a step an op that was given it
 * may read it later: who writes to it again calls `finishRuns` first.
 */
export function alloc(size: number): Buffer {
  if (float64) return new Float64Array(size)
  return take(size) ?? new Float32Array(size)
}

/** A buffer of zeros, for ops and gradients that accumulate. */
export function allocZeros(size: number): Buffer {
  if (float64) return new Float64Array(size)
  const buffer = take(size)
  if (buffer === null) return new Float32Array(size)
  arena?.clear(buffer)
  return buffer
}

/** Fills a buffer with zeros, wherever it lies, when the kernels are done that use it. */
export function clear(buffer: Buffer): void {
  if (arena?.owns(buffer)) arena.clearLater(buffer)
  else buffer.fill(0)
}

const take = (size: number) => (heapOnly ? null : (arena?.take(size) ?? null))

const blank = new Set<Buffer>()

/**
 * Lets a buffer stand for zeros without filling it, for the one kernel that can write where it would add. Until
 * `fillBlanks` its content is undefined.
 */
export function asBlank(buffer: Buffer): Buffer {
  blank.add(buffer)
  return buffer
}

/** Whether a buffer still only stands for zeros; from now on it is taken to be written. */
export function takeBlank(buffer: Buffer): boolean {
  return blank.delete(buffer)
}

/** Fills what was handed out blank and not taken. */
export function fillBlanks(): void {
  const left = [...blank]
  blank.clear()
  for (const buffer of left) clear(buffer)
}

/** True inside `withFloat64`. */
export function isFloat64(): boolean {
  return float64
}

/**
 * Runs `fn` with every new tensor in float64 and every kernel as a TypeScript loop: the gradient oracle's precision.
 * Synchronous; tensors made inside stay float64 and must not be mixed with float32 ones.
 */
export function withFloat64<T>(fn: () => T): T {
  const before = float64
  float64 = true
  try {
    return fn()
  } finally {
    float64 = before
  }
}

/** Starts handing out buffers from `next` (a step begins) or from the heap again (null: it has ended). */
export function useArena(next: Arena | null): void {
  arena = next
  clock++
}

/** Runs `fn` with buffers from the heap, also inside a step: for what must outlive it, such as a weight. */
export function onHeap<T>(fn: () => T): T {
  const before = heapOnly
  heapOnly = true
  try {
    return fn()
  } finally {
    heapOnly = before
  }
}

/** True between the beginning and the end of a step. */
export function insideStep(): boolean {
  return arena !== null
}

/** Until when what is recorded now may be differentiated: to the end of the step, or for good outside of one. */
export function stepClock(): number {
  return arena === null ? Infinity : clock
}

/** @throws StaleTensorError when the step is over in which something was recorded. */
export function checkClock(until: number, name: string): void {
  if (clock > until) throw stale(name)
}

/**
 * Where the numbers of one or more tensors live. A storage is one of
 * - an ordinary array on the heap, collected like any other;
 * - a buffer of a running step's arena, good until the step ends;
 * - a weight: an array on the heap that is its identity, and perhaps a mirror of it in linear memory.
 */
export class Storage {
  #heap: Buffer | null
  #linear: Float32Array | null = null
  #goodUntil = Infinity
  #newerIsLinear = false
  #exposed = false
  /** The step whose session brings its mirror up to date; in the steps of others the heap array is the truth. */
  #mirroredIn = -1

  private constructor(heap: Buffer | null) {
    this.#heap = heap
  }

  /** The storage of a buffer that `alloc` gave. */
  static of(buffer: Buffer): Storage {
    if (arena?.owns(buffer) && buffer instanceof Float32Array) return Storage.until(clock, buffer)
    return new Storage(buffer)
  }

  /** The storage of a leaf's gradient: it outlives its step until the next one begins, for callbacks to read. */
  static ofGradient(buffer: Buffer): Storage {
    if (arena?.owns(buffer) && buffer instanceof Float32Array) return Storage.until(clock + 1, buffer)
    return new Storage(buffer)
  }

  /** A buffer in linear memory that is good until the clock passes `time`. */
  static until(time: number, linear: Float32Array): Storage {
    const storage = new Storage(null)
    storage.#linear = linear
    storage.#goodUntil = time
    storage.#newerIsLinear = true
    return storage
  }

  /** The buffer to compute with, or to change in place. @throws StaleTensorError after the end of the step that owned it. */
  read(name: string): Buffer {
    checkClock(this.#goodUntil, name)
    if (this.#linear === null) return this.#heap as Buffer
    if (this.#heap === null || this.#mirroredIn === clock) return this.#linear
    // A closure may keep the array for longer than the mirror lives.
    this.#takeBack(this.#heap, this.#linear)
    return this.#heap
  }

  /** The heap array for everybody to hold: a weight's own, or the copy that an arena buffer becomes. */
  expose(name: string): Buffer {
    const truth = this.read(name)
    if (this.#heap === null) {
      this.#heap = truth.slice()
      this.#linear = null
      this.#goodUntil = Infinity
    } else if (truth !== this.#heap) {
      this.#heap.set(truth)
    }
    this.#newerIsLinear = false
    this.#exposed = true
    return this.#heap
  }

  /** Takes over an array in place of its own; not, and false, where somebody may hold that one or a session mirrors it. */
  adopt(heap: Buffer): boolean {
    if (this.#exposed || this.#linear !== null) return false
    this.#heap = heap
    return true
  }

  /** How many numbers it holds. */
  get length(): number {
    return (this.#heap ?? this.#linear ?? []).length
  }

  /** Whether somebody outside may hold the heap array. */
  get exposed(): boolean {
    return this.#exposed
  }

  /** Whether it has a mirror in linear memory. */
  get mirrored(): boolean {
    return this.#heap !== null && this.#linear !== null
  }

  /** Gives a weight a mirror, or moves the view of the mirror it has. */
  mirror(linear: Float32Array): void {
    if (this.#linear === null) this.#newerIsLinear = false
    this.#linear = linear
  }

  /** Brings mirror and heap to the same numbers as far as a step that begins needs it. */
  beforeStep(): void {
    if (this.#heap === null || this.#linear === null) return
    this.#mirroredIn = clock + 1
    if (this.#newerIsLinear && !this.#exposed) return
    this.#linear.set(this.#heap)
    this.#newerIsLinear = true
  }

  /** After a step: what somebody may hold is made true again; what nobody looks at is not copied. */
  afterStep(): void {
    if (this.#exposed && this.#heap !== null && this.#linear !== null) this.#heap.set(this.#linear)
  }

  /** Takes the mirror away; the heap array is true afterwards. */
  unmirror(): void {
    if (this.#heap !== null && this.#linear !== null) this.#takeBack(this.#heap, this.#linear)
    this.#linear = null
  }

  #takeBack(heap: Buffer, linear: Float32Array): void {
    if (this.#mirroredIn === clock || (this.#newerIsLinear && !this.#exposed)) heap.set(linear)
    this.#newerIsLinear = false
  }
}

function stale(name: string): StaleTensorError {
  return new StaleTensorError(`the output of "${name}" belonged to a training step that has ended`, {
    rule: "buffers of a step are used again by the next one",
    hint: "keep a copy with clone(), or read its values, before the step ends",
  })
}
