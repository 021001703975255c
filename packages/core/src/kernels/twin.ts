import { isFloat64 } from "../storage.ts"
import { type Block, linearMemory } from "./memory.ts"
import { type Dispatch, ensureWorkers, getThreads, readyThreads, runParallel } from "./pool.ts"
import type { Program } from "./program.ts"
import type { KernelArgument, Twin } from "./vectorized.ts"

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
  /** The least length of the first buffer for which the twin runs: fixed, because the last bits depend on it. */
  readonly least: number
  /** How many units of work there are. */
  readonly units: (...args: A) => number
  /** The fewest units that are worth a chunk of their own for another thread. */
  readonly grain: (...args: A) => number
  /** Loop and twin agree in every bit: then buffers outside of linear memory are left to the loop, not copied. */
  readonly exact?: boolean
}

/** The argument block of the running kernel, above the pool's control block. */
const argsAddress = 1024
const mostArguments = 32
/** Larger copies are made in memory that is given back at once. */
const mostStaging = 16 << 20

let words: Int32Array = new Int32Array(0)
let floats: Float32Array = new Float32Array(0)
let staging: Block | null = null

/** Ties a kernel of a program to a loop's signature. */
export function twin<A extends readonly KernelArgument[]>(program: Program, options: TwinOptions<A>): Twin<A> {
  const { parameters, least, exact = false } = options
  let kernel: Dispatch | null = null
  return {
    run(...args: A): boolean {
      const first = args[0]
      if (isFloat64() || typeof first !== "object" || first.length < least) return false
      const memory = linearMemory()
      if (memory === null) return false
      let outside = 0
      for (let i = 0; i < args.length; i++) {
        const value = args[i]
        if (typeof value !== "object") continue
        if (value instanceof Float64Array) return false
        if (!memory.owns(value)) outside += value.byteLength + 64
      }
      if (outside > 0 && exact) return false
      kernel ??= program.kernel(options.name)
      if (kernel === null || (outside > 0 && !reserve(outside))) return false
      writeArguments(args, parameters, first.length)
      launch(kernel, options.units(...args), options.grain(...args))
      if (outside > 0) copyBack(args, parameters)
      if (staging !== null && staging.bytes > mostStaging) dropStaging()
      return true
    },
  }
}

/** Runs a kernel whose arguments are written, on as many threads as pay. */
export function launch(kernel: Dispatch, units: number, grain: number): void {
  if (units >= 2 * grain && getThreads() > 1) {
    ensureWorkers()
    const ready = readyThreads()
    if (ready > 1) {
      // A few chunks for each thread, so that a late one holds nobody up.
      runParallel(kernel, argsAddress, units, Math.max(grain, Math.ceil(units / (ready * 4))))
      return
    }
  }
  kernel.run(argsAddress, 0, units)
}

function writeArguments(args: readonly KernelArgument[], parameters: readonly Parameter[], length: number): void {
  openArguments()
  const memory = linearMemory()
  let free = staging?.pointer ?? 0
  for (let i = 0; i < args.length; i++) {
    const value = args[i]
    if (typeof value === "object") {
      if (memory?.owns(value)) words[i] = value.byteOffset
      else {
        words[i] = free
        if (parameters[i] !== "out") memory?.floats(free, value.length).set(value)
        free += Math.ceil(value.byteLength / 64) * 64
      }
    } else if (parameters[i] === "float") floats[i] = Number(value)
    else words[i] = Number(value)
  }
  words[args.length] = length
}

/** The argument block as integers and as floats. */
export function openArguments(): {
  readonly words: Int32Array
  readonly floats: Float32Array
  readonly address: number
} {
  const memory = linearMemory()
  if (memory !== null && words.length === 0) {
    words = new Int32Array(memory.handle.buffer, argsAddress, mostArguments)
    floats = new Float32Array(memory.handle.buffer, argsAddress, mostArguments)
  }
  return { words, floats, address: argsAddress }
}

function copyBack(args: readonly KernelArgument[], parameters: readonly Parameter[]): void {
  const memory = linearMemory()
  for (let i = 0; i < args.length; i++) {
    const value = args[i]
    if (typeof value !== "object" || memory === null || memory.owns(value) || parameters[i] === "in") continue
    value.set(memory.floats(words[i], value.length))
  }
}

function dropStaging(): void {
  staging?.free()
  staging = null
}

/** Room for copies of buffers that lie elsewhere; it is kept, up to a bound, for the next kernel. */
function reserve(bytes: number): boolean {
  if (staging !== null && staging.bytes >= bytes) return true
  dropStaging()
  staging = linearMemory()?.allocate(Math.max(bytes, 1 << 20)) ?? null
  return staging !== null
}
