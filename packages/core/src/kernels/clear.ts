import type { Buffer } from "../storage.ts"
import { Program } from "./program.ts"
import { finishRuns } from "./queue.ts"
import { type Parameter, runKernel } from "./twin.ts"
import { i32 } from "./wasm/index.ts"

const program = new Program("clear", m => {
  m.kernel("clear", {}, (f, _, begin, end) => f.memory.fill(begin, 0, i32.sub(end, begin)))
  m.kernel("clearAt", { at: "i32" }, (f, { at }, from, to) => f.memory.fill(i32.add(at, from), 0, i32.sub(to, from)))
})
const parameters: readonly Parameter[] = ["out"]

/** Fills a new buffer in linear memory with zeros. `TypedArray.fill` does it word by word where memory is shared. */
export function clearLinear(buffer: Buffer): void {
  const kernel = program.kernel("clear")
  if (kernel === null) buffer.fill(0)
  else kernel.run(0, buffer.byteOffset, buffer.byteOffset + buffer.byteLength)
}

/** The same in its turn among the runs that are queued, for a buffer that some of them may still use. */
export function clearLater(buffer: Buffer): void {
  const kernel = program.kernel("clearAt")
  if (kernel !== null && runKernel(kernel, parameters, [buffer], buffer.byteLength, buffer.byteLength)) return
  finishRuns()
  buffer.fill(0)
}
