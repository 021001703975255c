import type { Buffer } from "../../storage.ts"
import { Program } from "../program.ts"
import { twin } from "../twin.ts"
import { type Twin, twinOf } from "../vectorized.ts"
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
import { columnwise } from "./columnwise.ts"
import { elementwise, integers } from "./elementwise.ts"
import { rowwise } from "./rowwise.ts"
import { sign, type Vector } from "./vector.ts"

const { add, mul } = f32x4

/** Numbers summed to one part of `elasticParts`: the loop has the same. */
const block = 1024

type Sums = readonly Local<"v128">[]

/** Adds four numbers, or what becomes of them, to two pairs of sums in double. */
function addWide(
  f: FunctionBuilder,
  sums: Sums,
  four: Local<"v128">,
  of = (wide: Local<"v128">): Vector => wide,
): void {
  const pairs: Vector[] = [four, i32x4.shuffle(four, four, [2, 3, 0, 1])]
  for (const [i, pair] of pairs.entries()) {
    f.set(sums[i], f64x2.add(sums[i], of(f.let("wide", f64x2.promote_low_f32x4(pair)))))
  }
}

/** The sum of four pairs, in both lanes. */
function total(f: FunctionBuilder, [a, b, c, d]: Sums): Vector {
  const pair = f.let("pair", f64x2.add(f64x2.add(a, b), f64x2.add(c, d)))
  return f64x2.add(pair, i32x4.shuffle(pair, pair, [2, 3, 0, 1]))
}

type Visit = (address: Local<"i32">) => void

/** Visits the numbers from one address to another by eights. */
function eachEight(
  f: FunctionBuilder,
  scratch: GlobalReference<"i32">,
  from: Local<"i32">,
  to: Local<"i32">,
  visit: Visit,
) {
  f.while(i32.le_u(i32.add(from, 32), to), () => {
    visit(from)
    f.increment(from, 32)
  })
  f.if(i32.lt_u(from, to), () => {
    // The last numbers with zeros behind them, so that nothing beyond the buffer is read.
    const rest = f.let("rest", scratch.get)
    for (const offset of [0, 16]) f.v128.store(rest, f32x4.const(0), offset)
    f.memory.copy(rest, from, i32.sub(to, from))
    visit(rest)
  })
}

const layout = { ...integers("x", "parts"), l1: "f32", l2: "f32", length: "i32" } as const

const program = new Program("elasticParts", m => {
  const scratch = m.global("scratch", "i32")
  m.kernel("elasticParts", layout, (f, { x, parts, l1, l2, length }, begin, end) => {
    const [low, high] = [l1, l2].map(factor => f.let("factor", f64x2.promote_low_f32x4(f32x4.splat(factor))))
    const second = f.let("second", f64x2.ne(high, f32x4.const(0)))
    const stop = f.let("stop", i32.add(x, i32.mul(length, 4)))
    const u = f.local("i32", "u")
    f.for(u, begin, end, 1, () => {
      const from = f.let("from", i32.add(x, i32.mul(u, 4 * block)))
      const to = f.let("to", i32.add(from, 4 * block))
      f.set(to, select(to, stop, i32.lt_u(to, stop)))
      const sums = [0, 1, 2, 3].map(i => f.let(`sum${i}`, f32x4.const(0)))
      eachEight(f, scratch, from, to, address => {
        for (const half of [0, 1]) {
          const four = f.let("four", f32x4.abs(v128.load(address, 16 * half)))
          const factor = (size: Vector) => f64x2.add(low, v128.and(second, f64x2.mul(high, size)))
          addWide(f, sums.slice(2 * half), four, size => f64x2.mul(size, factor(size)))
        }
      })
      f.v128.store64_lane(i32.add(parts, i32.mul(u, 8)), total(f, sums), 0)
    })
  })
})

/** Twin of the loop of the same name: one double for each 1,024 numbers. In place alone: copied as two floats, it might not survive. */
export const elasticParts = twin<[x: Buffer, parts: Buffer, l1: number, l2: number]>(program, {
  name: "elasticParts",
  parameters: ["in", "out", "float", "float"],
  least: 1,
  exact: true,
  units: ([x]) => Math.ceil(x.length / block),
  grain: () => 8,
})

export const elasticBackward = elementwise(
  "elasticBackward",
  ["in x", "inout dx", "float l1", "float l2"],
  (_, { x, dx, l1, l2 }) => ({
    dx: add(dx, add(mul(l1, sign(x)), v128.and(f32x4.ne(l2, f32x4.const(0)), mul(l2, x)))),
  }),
  { cost: 9 },
)

type Middle = [from: Buffer, to: Buffer, outer: number, n: number, inner: number, divisor: number]

/** The twin that sums along the last axis, and the one that does along the first. */
const either = (rows: Required<Twin<Middle>>, columns: Required<Twin<Middle>>) =>
  twinOf<Middle>((...args) => (args[4] === 1 ? rows : columns).queue(...args))

/** Both in double like the loop: rows in eight sums, columns in one each. */
const sumRows = rowwise(
  "sumRows",
  ["in x", "out y", "int rows", "int n", "int inner", "float divisor"],
  row => {
    const { f } = row
    const sums = [0, 1, 2, 3].map(i => f.let(`sum${i}`, f32x4.const(0)))
    row.walk(["x"], (at, turn) => addWide(f, sums.slice(2 * turn), at.load("x")))
    const divisor = f64x2.promote_low_f32x4(row.number("divisor"))
    row.setEntry("y", f32x4.demote_f64x2_zero(f64x2.div(total(f, sums), divisor)))
  },
  { cost: 8, least: 256 },
)

const sumColumns = columnwise(
  "sumColumns",
  ["in x", "out y", "int outer", "int rows", "int n", "float divisor"],
  group => {
    const { f } = group
    const [low, high] = [group.variables("low"), group.variables("high")]
    group.walk(["x"], (at, v) => addWide(f, [low[v], high[v]], at.load("x")))
    const divisor = f.let("divisor", f64x2.promote_low_f32x4(group.number("divisor")))
    const share = (sum: Local<"v128">) => f32x4.demote_f64x2_zero(f64x2.div(sum, divisor))
    group.setEntries(
      "y",
      low.map((sum, v) => i32x4.shuffle(share(sum), share(high[v]), [0, 1, 4, 5])),
    )
  },
  6,
  args => args[2] === 1,
)

export const sumMiddle = either(sumRows, sumColumns)

const spreadRows = rowwise(
  "spreadRows",
  ["in dy", "inout dx", "int rows", "int n", "int inner", "float divisor"],
  row => {
    const share = row.f.let("share", f32x4.div(f32x4.splat(row.entry("dy")), row.number("divisor")))
    row.walk(["dx"], at => at.store("dx", f32x4.add(at.load("dx"), share)))
  },
  { cost: 4, least: 256 },
)

const spreadColumns = columnwise(
  "spreadColumns",
  ["in dy", "inout dx", "int outer", "int rows", "int n", "float divisor"],
  group => {
    const divisor = group.number("divisor")
    const share = group.entries("dy").map(dy => group.f.let("share", f32x4.div(dy, divisor)))
    group.walk(["dx"], (at, v) => at.store("dx", f32x4.add(at.load("dx"), share[v])))
  },
  4,
  args => args[2] === 1,
)

export const spreadMiddle = either(spreadRows, spreadColumns)
