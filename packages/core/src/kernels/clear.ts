import type { Buffer } from "../storage.ts"
import { Program } from "./program.ts"
import { finishRuns } from "./queue.ts"
import { type Parameter, runKernel } from "./twin.ts"
import { i32 } from "./wasm/index.ts"

const program = new Program("clear", m => {
  m.kernel("clear", { at: "i32" }, (f, { at }, begin, end) => {
    f.memory.fill(i32.add(at, begin), 0, i32.sub(end, begin))
  })
})
const parameters: readonly Parameter[] = ["out"]

/**
 * Fills a buffer in linear memory with zeros, in its turn among the runs that are queued. `TypedArray.fill` does it word
 * by word where memory is shared.
 */
export function clearLinear(buffer: Buffer): void {
  const kernel = program.kernel("clear")
  // One chunk: once nothing is queued it is done when this returns.
  if (kernel !== null && runKernel(kernel, parameters, [buffer], buffer.byteLength, buffer.byteLength)) return
  finishRuns()
  buffer.fill(0)
}
