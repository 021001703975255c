import { insideStep, isFloat64 } from "../storage.ts"
import { type Block, linearMemory, type Memory } from "./memory.ts"
import { type Dispatch, getThreads, poolEnding, readyThreads, runAlone, wantWorkers } from "./pool.ts"
import type { Program } from "./program.ts"
import { enqueue, finishRuns, isSettled, isUnordered, mayQueue } from "./queue.ts"
import { type KernelArgument, type Twin, twinOf } from "./vectorized.ts"

/** What a kernel does with an argument: reads, writes or updates a buffer; or takes a number. */
export type Parameter = "in" | "out" | "inout" | "int" | "float"

export interface TwinOptions<A extends readonly KernelArgument[]> {
  /** The kernel's name in its program. */
  readonly name: string
  /**
   * One for each argument of the loop, in order. The kernel's argument block holds an address for a buffer, a number
   * for a number, and one word more: the length of the first buffer.
   */
  readonly parameters: readonly Parameter[]
  /** The least size for which the twin runs: fixed, because the last bits depend on it. */
  readonly least: number
  /** What `least` is compared with: the length of the first buffer where left out. */
  readonly size?: (args: A) => number
  /** Whether the twin is for these arguments; left out where it is for all. */
  readonly accepts?: (args: A) => boolean
  /** How many units of work there are. */
  readonly units: (args: A) => number
  /** The fewest units that are worth a chunk of their own for another thread. */
  readonly grain: (args: A) => number
  /** Loop and twin agree in every bit: then buffers outside of linear memory are left to the loop, not copied. */
  readonly exact?: boolean
}

/** The argument block of a kernel that the calling thread runs, above the words of the control block. */
const argsAddress = 1024
const mostArguments = 32
/** Larger copies are made in memory that is given back at once. */
const mostStaging = 16 << 20

let words: Int32Array = new Int32Array(0)
let floats: Float32Array = new Float32Array(0)
let staging: Block | null = null

/** Ties a kernel of a program to a loop's signature. */
export function twin<A extends readonly KernelArgument[]>(
  program: Program,
  options: TwinOptions<A>,
): Required<Twin<A>> {
  const { parameters, least, exact = false } = options
  return twinOf((...args) => {
    const first = args[0]
    if (isFloat64() || typeof first !== "object") return false
    if ((options.size?.(args) ?? first.length) < least || options.accepts?.(args) === false) return false
    const kernel = program.kernel(options.name)
    if (kernel === null) return false
    return runKernel(kernel, parameters, args, options.units(args), options.grain(args), exact)
  })
}

/**
 * Runs a kernel on these arguments, copying buffers that lie outside of linear memory there and back. The word behind
 * the arguments is the length of the first buffer. Within a step it may still be running when this returns, or not have
 * begun: `finishRuns` waits for it. A `free` run is one that no other kernel waits for either.
 * @returns false when it cannot, or with `inPlaceOnly` when it would have to copy.
 */
export function runKernel(
  kernel: Dispatch,
  parameters: readonly Parameter[],
  args: readonly KernelArgument[],
  units: number,
  grain: number,
  inPlaceOnly = false,
  free = false,
): boolean {
  const memory = linearMemory()
  if (memory === null) return false
  openArguments(memory)
  let outside = 0
  for (let i = 0; i < args.length; i++) {
    const value = args[i]
    if (typeof value !== "object") (parameters[i] === "float" ? floats : words)[i] = Number(value)
    else if (value instanceof Float64Array) return false
    else if (memory.owns(value)) words[i] = value.byteOffset
    else outside += value.byteLength + 64
  }
  const first = args[0]
  words[args.length] = typeof first === "object" ? first.length : 0
  if (outside > 0 && (inPlaceOnly || !reserve(outside))) return false
  if (outside > 0) copyIn(memory, args, parameters)
  try {
    launch(kernel, units, grain, args.length + 1, (free || isUnordered()) && outside === 0)
    if (outside > 0 || !insideStep() || !mayQueue()) finishRuns()
  } catch (error) {
    abandonStaging()
    throw error
  }
  if (outside > 0) copyBack(memory, args, parameters)
  if (staging !== null && staging.bytes > mostStaging) dropStaging()
  return true
}

/** Runs a kernel whose arguments, a count of words, are written; or leaves it to all threads where that pays. */
function launch(kernel: Dispatch, units: number, grain: number, count: number, free: boolean): void {
  if (units === 0) return
  const small = units < 2 * grain
  if (!small && getThreads() > 1) wantWorkers()
  const ready = readyThreads()
  if (ready === 1) {
    finishRuns()
    if (small || getThreads() === 1) kernel.run(argsAddress, 0, units)
    else runAlone(kernel, argsAddress, units)
  } else if (small && !free && isSettled()) kernel.run(argsAddress, 0, units)
  else enqueue(kernel, words, count, units, small ? units : shareOf(units, grain, ready), free)
}

/** Units of a chunk: many chunks for each thread, so that none waits longer than for another's last, or one for each. */
const shareOf = (units: number, grain: number, threads: number) =>
  Math.max(grain, Math.ceil(units / (units < 2 * threads * grain ? threads : threads * 16)))

/** Copies buffers that lie elsewhere, and leaves their addresses among the arguments. */
function copyIn(memory: Memory, args: readonly KernelArgument[], parameters: readonly Parameter[]): void {
  openArguments(memory)
  let free = staging?.pointer ?? 0
  for (let i = 0; i < args.length; i++) {
    const value = args[i]
    if (typeof value !== "object" || memory.owns(value)) continue
    words[i] = free
    if (parameters[i] !== "out") {
      const bytes = new Uint8Array(memory.handle.buffer, free, value.byteLength)
      bytes.set(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))
    }
    free += Math.ceil(value.byteLength / 64) * 64
  }
}

/** Makes the views of the argument block: anew where memory that is not shared has grown, which keeps what it holds. */
function openArguments(memory: Memory): void {
  if (words.length > 0) return
  words = new Int32Array(memory.handle.buffer, argsAddress, mostArguments)
  floats = new Float32Array(memory.handle.buffer, argsAddress, mostArguments)
}

function copyBack(memory: Memory, args: readonly KernelArgument[], parameters: readonly Parameter[]): void {
  for (let i = 0; i < args.length; i++) {
    const value = args[i]
    if (typeof value !== "object" || memory.owns(value) || parameters[i] === "in") continue
    value.set(memory.floats(words[i], value.length))
  }
}

function dropStaging(): void {
  staging?.free()
  staging = null
}

/** A worker that hangs may still write to the copies it was given: they are used again when it has ended. */
function abandonStaging(): void {
  const abandoned = staging
  staging = null
  void poolEnding()?.then(() => abandoned?.free())
}

/** Room for copies of buffers that lie elsewhere; it is kept, up to a bound, for the next kernel. */
function reserve(bytes: number): boolean {
  if (staging !== null && staging.bytes >= bytes) return true
  dropStaging()
  staging = linearMemory()?.allocate(Math.max(bytes, 1 << 20)) ?? null
  if (staging === null && !full) console.warn(`${noRoom} (${Math.ceil(bytes / 2 ** 20)} MB were wanted)`)
  full ||= staging === null
  return staging !== null
}

let full = false
const noRoom =
  "kernels: no room is left in their memory: plain loops compute what does not fit, slower and with other last bits"
