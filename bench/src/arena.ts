import { alloc, Session } from "@selvedge/core"

const session = new Session()

/**
 * Runs `work` on buffers in linear memory, filled with these numbers, as inside a training step: kernels use them in
 * place. Gives what `work` took, in ms, without the filling.
 */
export function timedInStep(contents: readonly Float32Array[], work: (buffers: Float32Array[]) => void): number {
  // The first step finds out how much memory it needs; from the second on it is there.
  for (;;) {
    let inPlace = true
    const elapsed = session.step(() => {
      const buffers = contents.map(content => alloc(content.length))
      // Not the same one: memory that has grown in between is looked at through another object.
      inPlace = buffers.every(buffer => buffer.buffer instanceof SharedArrayBuffer)
      if (!inPlace) return 0
      const floats = buffers.filter(buffer => buffer instanceof Float32Array)
      for (const [i, buffer] of floats.entries()) buffer.set(contents[i] ?? [])
      const start = performance.now()
      work(floats)
      return performance.now() - start
    })
    if (inPlace) return elapsed
  }
}

/** Runs `work` so many times, each in a step of its own. */
export function inSteps(times: number, work: () => unknown): void {
  for (let t = 0; t < times; t++) session.step(work)
}

/** Numbers between -1/2 and 1/2. */
export function numbers(size: number, step = 7919): Float32Array {
  return Float32Array.from({ length: size }, (_, i) => (((i + 1) * step) % 1009) / 1009 - 0.5)
}
