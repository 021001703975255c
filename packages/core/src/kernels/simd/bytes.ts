import type { Buffer } from "../../storage.ts"
import { Program } from "../program.ts"
import { twin } from "../twin.ts"
import { type FunctionBuilder, i32, type Local, select, v128 } from "../wasm/index.ts"

/** Bytes of a work unit. */
const unit = 64

/** The address of the number that the byte at an address stands for. */
function entry(table: Local<"i32">, from: Local<"i32">, offset: number) {
  return i32.add(table, i32.mul(i32.load8_u(from, offset), 4))
}

function four(f: FunctionBuilder, table: Local<"i32">, from: Local<"i32">, offset: number): Local<"v128"> {
  const values = f.let("values", v128.load32_zero(entry(table, from, offset)))
  for (const lane of [1, 2, 3]) f.set(values, v128.load32_lane(entry(table, from, offset + lane), values, lane))
  return values
}

const program = new Program("decodeBytes", m => {
  m.kernel("decodeBytes", { bytes: "i32", table: "i32", out: "i32", length: "i32" }, (f, words, begin, end) => {
    const { bytes, table, out, length } = words
    const from = f.let("from", i32.add(bytes, i32.mul(begin, unit)))
    const to = f.let("to", i32.add(out, i32.mul(begin, 4 * unit)))
    const last = f.let("last", i32.mul(end, unit))
    const stop = f.let("stop", i32.add(bytes, select(last, length, i32.lt_s(last, length))))
    f.while(i32.le_u(i32.add(from, 8), stop), () => {
      f.storeVectors(to, [four(f, table, from, 0), four(f, table, from, 4)])
      f.increment(from, 8)
      f.increment(to, 32)
    })
    f.while(i32.lt_u(from, stop), () => {
      f.i32.store(to, i32.load(entry(table, from, 0)))
      f.increment(from, 1)
      f.increment(to, 4)
    })
  })
})

/** Twin of the loop of the same name: out = table[bytes]. The same bits, but worth its copies. */
export const decodeBytes = twin<[bytes: Uint8Array, table: Buffer, out: Buffer]>(program, {
  name: "decodeBytes",
  parameters: ["in", "in", "out"],
  least: 256,
  units: ([bytes]) => Math.ceil(bytes.length / unit),
  grain: () => 128,
})
