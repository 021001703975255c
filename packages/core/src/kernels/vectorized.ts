import type { Buffer } from "../storage.ts"
import { getKernels } from "./mode.ts"
import { finishRuns, runAtOnce } from "./queue.ts"

/** An argument of a kernel: a buffer, or a number. */
export type KernelArgument = Buffer | Uint8Array | Int32Array | Uint32Array | number | boolean

/**
 * The SIMD form of a loop. It gives the same result up to the last bits, so whether it runs may depend on the mode, the
 * element type and the size, never on where the buffers live.
 */
export interface Twin<A extends readonly KernelArgument[]> {
  /** Runs the kernel and returns true, or returns false when these arguments are not for it (float64, too small). */
  run(...args: A): boolean
  /** The same, but within a step the kernel may still be running, or not have begun, when this returns. */
  queue?(...args: A): boolean
}

/** The twin that a function which queues a kernel, or returns false, makes. */
export const twinOf = <A extends readonly KernelArgument[]>(queue: (...args: A) => boolean): Required<Twin<A>> => ({
  queue,
  run: (...args) => runAtOnce(() => queue(...args)),
})

/**
 * Joins a plain loop, which is the specification, with its SIMD twin: the twin runs where it can, the loop elsewhere.
 * Within a step the twin may still be running when this returns: `finishRuns` waits for it, and so do `Tensor.read` and every
 * loop that is `vectorized` itself.
 */
export function vectorized<A extends readonly KernelArgument[]>(
  name: string,
  loop: (...args: A) => void,
  twin?: Twin<A>,
): (...args: A) => void {
  const run = twin?.queue ?? twin?.run.bind(twin)
  const kernel = (...args: A) => {
    if (run && getKernels() !== "typescript" && run(...args)) return
    finishRuns()
    loop(...args)
  }
  Object.defineProperty(kernel, "name", { value: name })
  return kernel
}

/** The same for loops outside of this library: all is done when it returns. */
export function vectorizedAtOnce<A extends readonly KernelArgument[]>(
  ...parts: Parameters<typeof vectorized<A>>
): (...args: A) => void {
  return atOnce(vectorized(...parts))
}

/** A function whose kernels are done when it returns. */
export const atOnce =
  <A extends readonly unknown[]>(queues: (...args: A) => void) =>
  (...args: A): void =>
    runAtOnce(() => queues(...args))
