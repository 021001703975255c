import type { Buffer } from "../../storage.ts"
import { Program } from "../program.ts"
import { twin } from "../twin.ts"
import type { KernelArgument } from "../vectorized.ts"
import {
  type FunctionBuilder,
  f32x4,
  f64x2,
  type GlobalReference,
  i32,
  i32x4,
  type Local,
  select,
  v128,
} from "../wasm/index.ts"
import { rowwise } from "./rowwise.ts"
import type { Vector } from "./vector.ts"

/** Numbers summed to one part of `squareNorms`: the loop has the same. */
const block = 1024

type Sums = readonly Local<"v128">[]

/** Adds the squares of eight numbers to eight sums in double. */
function addSquares(f: FunctionBuilder, sums: Sums, address: Local<"i32">): void {
  for (const half of [0, 1]) {
    const four = f.let("four", v128.load(address, 16 * half))
    const pairs: Vector[] = [four, i32x4.shuffle(four, four, [2, 3, 0, 1])]
    for (const [i, pair] of pairs.entries()) {
      const sum = sums[2 * half + i]
      const wide = f.let("wide", f64x2.promote_low_f32x4(pair))
      f.set(sum, f64x2.add(sum, f64x2.mul(wide, wide)))
    }
  }
}

function emitBlock(f: FunctionBuilder, scratch: GlobalReference<"i32">, from: Local<"i32">, to: Local<"i32">): Sums {
  const sums = [0, 1, 2, 3].map(i => f.let(`sum${i}`, f32x4.const(0)))
  f.while(i32.le_u(i32.add(from, 32), to), () => {
    addSquares(f, sums, from)
    f.increment(from, 32)
  })
  f.if(i32.lt_u(from, to), () => {
    // The last numbers with zeros behind them, so that nothing beyond the buffer is read.
    const rest = f.let("rest", scratch.get)
    for (const offset of [0, 16]) f.v128.store(rest, f32x4.const(0), offset)
    f.memory.copy(rest, from, i32.sub(to, from))
    addSquares(f, sums, rest)
  })
  return sums
}

const program = new Program("squareNorms", m => {
  const scratch = m.global("scratch", "i32")
  m.kernel("squareNorms", { x: "i32", norms: "i32", length: "i32" }, (f, { x, norms, length }, begin, end) => {
    const stop = f.let("stop", i32.add(x, i32.mul(length, 4)))
    const u = f.local("i32", "u")
    f.for(u, begin, end, 1, () => {
      const from = f.let("from", i32.add(x, i32.mul(u, 4 * block)))
      const to = f.let("to", i32.add(from, 4 * block))
      f.set(to, select(to, stop, i32.lt_u(to, stop)))
      const [a, b, c, d] = emitBlock(f, scratch, from, to)
      const pair = f.let("pair", f64x2.add(f64x2.add(a, b), f64x2.add(c, d)))
      const total = f64x2.add(pair, i32x4.shuffle(pair, pair, [2, 3, 0, 1]))
      const norm = f.let("norm", f64x2.sqrt(total))
      const high = f.let("high", f32x4.demote_f64x2_zero(norm))
      const low = f32x4.demote_f64x2_zero(f64x2.sub(norm, f64x2.promote_low_f32x4(high)))
      f.v128.store64_lane(i32.add(norms, i32.mul(u, 8)), i32x4.shuffle(high, low, [0, 4, 1, 5]), 0)
    })
  })
})

/**
 * Twin of the loop of the same name: the norm of each 1,024 numbers, computed in double in eight sums, as a float32 and
 * the float32 that it lacks.
 */
export const squareNorms = twin<[x: Buffer, norms: Buffer]>(program, {
  name: "squareNorms",
  parameters: ["in", "out"],
  least: 1,
  exact: true,
  units: ([x]) => Math.ceil(x.length / block),
  grain: () => 8,
})

/** Where the rows that are summed are contiguous. */
const contiguous = (args: readonly KernelArgument[]) => args[4] === 1

/** Twin of the loop of the same name for sums along the last axis, in double like it, in eight sums. */
export const sumMiddle = rowwise(
  "sumMiddle",
  ["in x", "out y", "int rows", "int n", "int inner", "float divisor"],
  row => {
    const { f } = row
    const sums = [0, 1, 2, 3].map(i => f.let(`sum${i}`, f32x4.const(0)))
    row.walk(["x"], (at, turn) => {
      const four = at.load("x")
      const pairs: Vector[] = [four, i32x4.shuffle(four, four, [2, 3, 0, 1])]
      for (const [i, pair] of pairs.entries()) {
        const sum = sums[2 * turn + i]
        f.set(sum, f64x2.add(sum, f64x2.promote_low_f32x4(pair)))
      }
    })
    const [a, b, c, d] = sums
    const pair = f.let("pair", f64x2.add(f64x2.add(a, b), f64x2.add(c, d)))
    const total = f64x2.add(pair, i32x4.shuffle(pair, pair, [2, 3, 0, 1]))
    row.setEntry("y", f32x4.demote_f64x2_zero(f64x2.div(total, f64x2.promote_low_f32x4(row.number("divisor")))))
  },
  { cost: 8, least: 256, accepts: contiguous },
)

/** Twin of the loop of the same name for sums along the last axis. */
export const spreadMiddle = rowwise(
  "spreadMiddle",
  ["in dy", "inout dx", "int rows", "int n", "int inner", "float divisor"],
  row => {
    const share = row.f.let("share", f32x4.div(f32x4.splat(row.entry("dy")), row.number("divisor")))
    row.walk(["dx"], at => at.store("dx", f32x4.add(at.load("dx"), share)))
  },
  { cost: 4, least: 256, accepts: contiguous },
)
