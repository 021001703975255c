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
