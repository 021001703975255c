import { checkChoice } from "../errors.ts"

const modes = ["wasm", "typescript"] as const

/** Which kernels compute: WebAssembly SIMD, or the plain TypeScript loops that a debugger can step through. */
export type KernelMode = (typeof modes)[number]

let mode: KernelMode = "wasm"

/**
 * Chooses the kernels of the whole library. `"typescript"` runs every loop as it stands in the op's file.
 * @throws OptionError for any other mode.
 */
export function setKernels(next: KernelMode): void {
  mode = checkChoice("setKernels", "mode", next, modes)
}

/** The kernels in use. */
export function getKernels(): KernelMode {
  return mode
}

/** What the kernels are made of. The object is replaced when any of it changes. */
export interface Instructions {
  /** Bits of a vector. */
  readonly width: 128 | 256
  /** `"portable"` rounds product and sum each; `"fused"` rounds once where the engine can. */
  readonly arithmetic: Arithmetic
}

/** The names of arithmetics. */
export const arithmetics = ["portable", "fused"] as const

export type Arithmetic = (typeof arithmetics)[number]

let use: Instructions = { width: 128, arithmetic: "portable" }

/** What kernels compiled from now on are made of. */
export function instructions(): Instructions {
  return use
}

/** Changes what kernels are made of; those compiled before are compiled again at their next use. Internal. */
export function setInstructions(change: Partial<Instructions>): void {
  use = { ...use, ...change }
}
