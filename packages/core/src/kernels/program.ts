import { SelvedgeError } from "../errors.ts"
import { type Block, linearMemory, type Memory, memoryLimit } from "./memory.ts"
import { type Instructions, instructions } from "./mode.ts"
import { type Dispatch, scratchBytes } from "./pool.ts"
import { type KernelFunction, wasmEngine } from "./wasm/engine.ts"
import { ModuleBuilder } from "./wasm/module.ts"

let programs = 0
let mainScratch: Block | null = null
let failure: string | null = null

/** Why WebAssembly kernels cannot run here, or null while they can. */
export function kernelsDenied(): string | null {
  return failure
}

/**
 * A group of kernels that are assembled and compiled together, when the first of them is first used. Its bytes stay in
 * shared memory, from where the pool's workers compile them for themselves.
 */
export class Program {
  readonly #name: string
  readonly #emit: (m: ModuleBuilder, use: Instructions) => void
  #kernels: Map<string, Dispatch> | null = null
  #use: Instructions | null = null

  constructor(name: string, emit: (m: ModuleBuilder, use: Instructions) => void) {
    this.#name = name
    this.#emit = emit
  }

  /** A kernel ready to run, or null where WebAssembly is missing or forbidden. */
  kernel(name: string): Dispatch | null {
    if (failure !== null) return null
    const use = instructions()
    if (this.#use !== use) {
      this.#use = use
      this.#kernels = this.#compile(use)
    }
    const kernel = this.#kernels?.get(name)
    if (this.#kernels && !kernel) throw new SelvedgeError(`${this.#name}: this program has no kernel "${name}"`)
    return kernel ?? null
  }

  /** The module's bytes, as they are compiled here. */
  assemble(memory: Memory, use: Instructions = instructions()): Uint8Array {
    // Under another name the bytes differ: engines share compiled code between modules of the same bytes.
    const limits = { min: 1, max: memoryLimit, shared: memory.shared }
    const m = new ModuleBuilder(`${this.#name} ${use.width}`, limits, use.width === 256)
    this.#emit(m, use)
    return m.assemble(false)
  }

  #compile(use: Instructions): Map<string, Dispatch> | null {
    const [engine, memory] = [wasmEngine(), linearMemory()]
    if (engine === null) return deny("this host has none")
    if (memory === null) return deny("no memory can be had for it")
    const bytes = this.assemble(memory, use)
    mainScratch ??= memory.allocate(scratchBytes)
    const stored = mainScratch && memory.allocate(bytes.length)
    if (mainScratch === null || stored === null) return null
    new Uint8Array(memory.handle.buffer, stored.pointer, bytes.length).set(bytes)
    try {
      const { exports } = new engine.Instance(new engine.Module(bytes), imports(memory))
      if (exports.scratch && typeof exports.scratch !== "function") exports.scratch.value = mainScratch.pointer
      const functions = Object.entries(exports).filter(isKernel)
      const program = ++programs
      const place = { program, bytes: stored.pointer, length: bytes.length }
      return new Map(functions.map(([name, run], kernel) => [name, { ...place, kernel, run }]))
    } catch (error) {
      stored.free()
      // A policy that forbids WebAssembly says so here, at the first module.
      return deny(error instanceof Error ? error.message : String(error))
    }
  }
}

/** Says once that there are no kernels: from now on the plain loops compute. */
function deny(reason: string): null {
  failure = reason
  console.warn(
    `kernels: computing with plain loops, which takes many times longer, because WebAssembly fails: ${reason}`,
  )
  return null
}

const imports = (memory: Memory) => ({ env: { memory: memory.handle } })

function isKernel(entry: [string, unknown]): entry is [string, KernelFunction] {
  return typeof entry[1] === "function"
}
