import type { Buffer } from "../storage.ts"
import { Program } from "./program.ts"
import { i32 } from "./wasm/index.ts"

const program = new Program("clear", m => {
  m.kernel("clear", {}, (f, _, begin, end) => f.memory.fill(begin, 0, i32.sub(end, begin)))
})

/** Fills a buffer in linear memory with zeros. `TypedArray.fill` does it word by word where memory is shared. */
export function clearLinear(buffer: Buffer): void {
  const kernel = program.kernel("clear")
  if (kernel === null) buffer.fill(0)
  else kernel.run(0, buffer.byteOffset, buffer.byteOffset + buffer.byteLength)
}
