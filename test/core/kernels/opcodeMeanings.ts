import type { ImmediateValue } from "../../../packages/core/src/kernels/wasm/code.ts"

// What the specification says of each instruction that computes something, as JavaScript says it.

/** In which lanes an operand or a result is seen. */
export type Kind = "u8" | "i32" | "i64" | "f32" | "f64"
export type Lane = number | bigint

/** Operands, and the lanes of the result; null where the instruction traps. */
export type Trial = readonly [operands: readonly Uint8Array[], want: readonly Lane[] | null]

export interface Meaning {
  /** How the result is seen. */
  readonly as: Kind
  /** Where it is found: a store leaves it in memory itself. */
  readonly at?: number
  readonly immediates?: readonly ImmediateValue[]
  readonly trials: readonly Trial[]
}

/** Where a result is stored, and where memory holds `patternAt(address)`. */
export const place = { result: 64, pattern: { from: 64, to: 512 } } as const
export const patternAt = (address: number) => (7 * address + 3) & 255

const arrays = { u8: Uint8Array, i32: Int32Array, f32: Float32Array, f64: Float64Array }

const typed = (kind: Kind, lanes: readonly Lane[]) =>
  kind === "i64" ? BigInt64Array.from(lanes, BigInt) : new arrays[kind](lanes.map(Number))

export const bytesOf = (kind: Kind, ...lanes: readonly Lane[]) => new Uint8Array(typed(kind, lanes).buffer)

export function lanesOf(kind: Kind, bytes: Uint8Array): Lane[] {
  const { buffer } = bytes.slice()
  return [...(kind === "i64" ? new BigInt64Array(buffer) : new arrays[kind](buffer))]
}

/** One lane of the result from a lane of each operand; a truth, or null for a trap. */
type Rule<T extends Lane> = (a: T, b: T, c: T) => Lane | boolean | null
type Rules<T extends Lane> = Readonly<Record<string, Rule<T>>>

function integerRules<T extends Lane>(zero: T, unsigned: (x: T) => T, quotient: (a: T, b: T) => Lane): Rules<T> {
  const signed: Rules<T> = {
    lt: (a, b) => a < b,
    gt: (a, b) => a > b,
    le: (a, b) => a <= b,
    ge: (a, b) => a >= b,
    min: (a, b) => (a < b ? a : b),
    max: (a, b) => (a > b ? a : b),
    div: (a, b) => (b === zero ? null : quotient(a, b)),
  }
  const both = Object.entries(signed).flatMap(([name, rule]): [string, Rule<T>][] => [
    [`${name}_s`, rule],
    [`${name}_u`, (a, b, c) => rule(unsigned(a), unsigned(b), c)],
  ])
  return { eqz: a => a === zero, eq: (a, b) => a === b, ne: (a, b) => a !== b, ...Object.fromEntries(both) }
}

const lowest = -(2 ** 31)
const intRules: Rules<number> = {
  ...integerRules<number>(
    0,
    x => x >>> 0,
    (a, b) => Math.trunc(a / b),
  ),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => Math.imul(a, b),
  div_s: (a, b) => (b === 0 || (a === lowest && b === -1) ? null : Math.trunc(a / b)),
  rem_s: (a, b) => (b === 0 ? null : a % b),
  rem_u: (a, b) => (b === 0 ? null : (a >>> 0) % (b >>> 0)),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  not: a => ~a,
  andnot: (a, b) => a & ~b,
  bitselect: (a, b, c) => (a & c) | (b & ~c),
  shl: (a, b) => a << b,
  shr_s: (a, b) => a >> b,
  shr_u: (a, b) => a >>> b,
  rotl: (a, b) => (a << b) | (a >>> (32 - (b & 31))),
  rotr: (a, b) => (a >>> b) | (a << (32 - (b & 31))),
  abs: a => Math.abs(a),
  neg: a => -a,
}

const u64 = (x: bigint) => BigInt.asUintN(64, x)
const longRules: Rules<bigint> = {
  ...integerRules<bigint>(0n, u64, (a, b) => a / b),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div_s: (a, b) => (b === 0n || (a === -(2n ** 63n) && b === -1n) ? null : a / b),
  rem_s: (a, b) => (b === 0n ? null : a % b),
  rem_u: (a, b) => (b === 0n ? null : u64(a) % u64(b)),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << (b & 63n),
  shr_s: (a, b) => a >> (b & 63n),
  shr_u: (a, b) => u64(a) >> (b & 63n),
  rotl: (a, b) => (u64(a) << (b & 63n)) | (u64(a) >> (64n - (b & 63n))),
  rotr: (a, b) => (u64(a) >> (b & 63n)) | (u64(a) << (64n - (b & 63n))),
}

const isMinus = (x: number) => Object.is(x, -0) || x < 0
const floatRules: Rules<number> = {
  eq: (a, b) => a === b,
  ne: (a, b) => a !== b,
  lt: (a, b) => a < b,
  gt: (a, b) => a > b,
  le: (a, b) => a <= b,
  ge: (a, b) => a >= b,
  abs: a => Math.abs(a),
  neg: a => -a,
  ceil: a => Math.ceil(a),
  floor: a => Math.floor(a),
  trunc: a => Math.trunc(a),
  // A half goes to the even one.
  nearest: a => (Math.abs(a % 1) === 0.5 ? 2 * Math.round(a / 2) : Math.round(a)),
  sqrt: a => Math.sqrt(a),
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  min: (a, b) => Math.min(a, b),
  max: (a, b) => Math.max(a, b),
  copysign: (a, b) => (isMinus(b) ? -Math.abs(a) : Math.abs(a)),
  pmin: (a, b) => (b < a ? b : a),
  pmax: (a, b) => (a < b ? b : a),
}

/** With numbers for which one rounding and two give the same. */
const fusedRules: Rules<number> = {
  relaxed_madd: (a, b, c) => a * b + c,
  relaxed_nmadd: (a, b, c) => c - a * b,
}

const ints = [0, 1, -1, 7, -8, 33, 0x12345678, 2 ** 31 - 1, lowest]
const longs = [0n, 1n, -1n, 7n, -8n, 65n, 0x123456789abcdef0n, 2n ** 63n - 1n, -(2n ** 63n)]
const floats = [0, -0, 0.5, 1.5, -2.5, 3, -7.25, 0.75, 2 ** 31, -4e9, 1e10, Infinity, -Infinity, Number.NaN]

/** The trials of a rule: every pair of values, `count` lanes at a time; a shift's distance is the same for all lanes. */
function trialsOf<T extends Lane>(kind: Kind, values: readonly T[], rule: Rule<T>, count: number, shift = false) {
  const trials: Trial[] = []
  const [truth, untruth] = count === 1 ? [1, 0] : [-1, 0]
  const take = (first: number, step: number) =>
    Array.from({ length: count }, (_, lane) => values[(first + step * lane) % values.length])
  for (let j = 0; j < values.length; j++) {
    for (let i = 0; i < values.length; i += count) {
      // Steps differ, so that no pair of operands is the same in all lanes.
      const [as, bs, cs] = [take(i, 1), take(j, shift ? 0 : 2), take(i + 3, 1)]
      const lanes = as.map((a, lane) => rule(a, bs[lane], cs[lane]))
      const want = lanes.map(lane => (typeof lane === "boolean" ? (lane ? truth : untruth) : lane))
      const second = shift ? bytesOf("i32", Number(BigInt.asIntN(32, BigInt(values[j])))) : bytesOf(kind, ...bs)
      const operands = [bytesOf(kind, ...as), second, bytesOf(kind, ...cs)]
      trials.push([operands, want.includes(null) ? null : want.map(lane => lane ?? 0)])
    }
  }
  return trials
}

const shapes: Readonly<Record<string, readonly [kind: Kind, count: number]>> = {
  ...{ i32: ["i32", 1], i64: ["i64", 1], f32: ["f32", 1], f64: ["f64", 1] },
  ...{ i32x4: ["i32", 4], v128: ["i32", 4], i64x2: ["i64", 2], f32x4: ["f32", 4], f64x2: ["f64", 2] },
}

/** An instruction that does the same to every lane. */
function lanewise(prefix: string, op: string): Meaning | null {
  if (!(prefix in shapes)) return null
  const [kind, count] = shapes[prefix]
  const shift = count > 1 && op.startsWith("sh")
  const compares = /^(eqz?|ne|[lg][te])(_|$)/.test(op)
  const as = !compares ? kind : count === 2 ? "i64" : "i32"
  if (kind === "i64") {
    const rule = longRules[op]
    return rule ? { as, trials: trialsOf(kind, longs, rule, count, shift) } : null
  }
  const fused = fusedRules[op]
  if (fused) return { as, trials: trialsOf(kind, [1, 2, 3, -5, 7, 0.5], fused, count) }
  // -0.1 has bits in the lower half of a double.
  const [rules, values] = kind === "i32" ? [intRules, ints] : [floatRules, kind === "f32" ? floats : [...floats, -0.1]]
  const rule = rules[op]
  return rule ? { as, trials: trialsOf(kind, values, rule, count, shift) } : null
}

/** An instruction from lanes of one kind to lanes of another. */
const converts = (
  from: Kind,
  as: Kind,
  given: readonly Lane[][],
  rule: (lanes: readonly Lane[]) => Lane[],
): Meaning => ({
  as,
  trials: given.map(lanes => [[bytesOf(from, ...lanes)], rule(lanesOf(from, bytesOf(from, ...lanes)))]),
})
const ones = (values: readonly Lane[]) => values.map(value => [value])
const groups = (values: readonly Lane[], count: number) =>
  values.map((_, i) => Array.from({ length: count }, (_, lane) => values[(i + lane) % values.length]))

const saturated = (low: number, high: number) => (x: Lane) =>
  Number.isNaN(x) ? 0 : Math.trunc(Math.min(Math.max(Number(x), low), high))
const signed = saturated(lowest, 2 ** 31 - 1)
const unsigned = saturated(0, 2 ** 32 - 1)
const same = (x: Lane) => x
const asUnsigned = (x: Lane) => Number(x) >>> 0
const bitsAs = (from: Kind, to: Kind) => (x: Lane) => lanesOf(to, bytesOf(from, x))[0]
const fractions = [...floats, 0.1, -1e-30, 1e300, 5e-324]

/** The products of two lanes from `low` on, as wide as they are. */
function widened(low: number): Meaning {
  const [a, b] = [
    [-1, 2, -3, 0x12345678],
    [-1, -1, 7, 0x9abcdef],
  ]
  const want = [low, low + 1].map(lane => BigInt(asUnsigned(a[lane])) * BigInt(asUnsigned(b[lane])))
  return { as: "i64", trials: [[[bytesOf("i32", ...a), bytesOf("i32", ...b)], want]] }
}

const conversions: Readonly<Record<string, Meaning>> = {
  "i32.wrap_i64": converts("i64", "i32", ones(longs), x => x.map(y => Number(BigInt.asIntN(32, BigInt(y))))),
  "i64.extend_i32_s": converts("i32", "i64", ones(ints), x => x.map(same)),
  "i64.extend_i32_u": converts("i32", "i64", ones(ints), x => x.map(asUnsigned)),
  "f32.convert_i32_s": converts("i32", "f32", ones(ints), x => x.map(same)),
  "f32.convert_i32_u": converts("i32", "f32", ones(ints), x => x.map(asUnsigned)),
  "f32.demote_f64": converts("f64", "f32", ones(fractions), x => x.map(same)),
  "f64.promote_f32": converts("f32", "f64", ones(fractions), x => x.map(same)),
  "i32.reinterpret_f32": converts("f32", "i32", ones(fractions), x => x.map(bitsAs("f32", "i32"))),
  "f32.reinterpret_i32": converts("i32", "f32", ones(ints), x => x.map(bitsAs("i32", "f32"))),
  "i32.trunc_sat_f32_s": converts("f32", "i32", ones(floats), x => x.map(signed)),
  "i32.trunc_sat_f32_u": converts("f32", "i32", ones(floats), x => x.map(unsigned)),
  "i32x4.trunc_sat_f32x4_s": converts("f32", "i32", groups(floats, 4), x => x.map(signed)),
  "i32x4.trunc_sat_f32x4_u": converts("f32", "i32", groups(floats, 4), x => x.map(unsigned)),
  "f32x4.convert_i32x4_s": converts("i32", "f32", groups(ints, 4), x => x.map(same)),
  "f32x4.convert_i32x4_u": converts("i32", "f32", groups(ints, 4), x => x.map(asUnsigned)),
  "f64x2.convert_low_i32x4_s": converts("i32", "f64", groups(ints, 4), x => x.slice(0, 2).map(same)),
  "f64x2.convert_low_i32x4_u": converts("i32", "f64", groups(ints, 4), x => x.slice(0, 2).map(asUnsigned)),
  "f32x4.demote_f64x2_zero": converts("f64", "f32", groups(fractions, 2), x => [...x, 0, 0]),
  "f64x2.promote_low_f32x4": converts("f32", "f64", groups(fractions, 4), x => x.slice(0, 2)),
  "v128.any_true": converts("u8", "i32", [Array(16).fill(0), [...Array(15).fill(0), 8]], x => [Number(x.includes(8))]),
  "i32x4.splat": converts("i32", "i32", ones(ints), ([x]) => [x, x, x, x]),
  "i64x2.splat": converts("i64", "i64", ones(longs), ([x]) => [x, x]),
  "f32x4.splat": converts("f32", "f32", ones(floats), ([x]) => [x, x, x, x]),
  "f64x2.splat": converts("f64", "f64", ones(floats), ([x]) => [x, x]),
  "i64x2.extmul_low_i32x4_u": widened(0),
  "i64x2.extmul_high_i32x4_u": widened(2),
  "i32x4.extract_lane": { ...converts("i32", "i32", [[5, 6, 7, 8]], x => [x[2]]), immediates: [2] },
  "f32x4.extract_lane": { ...converts("f32", "f32", [[5, 6, 7, 8]], x => [x[3]]), immediates: [3] },
}

/** What an instruction without memory means; null for what is not told here. */
export function meaningOf(name: string): Meaning | null {
  const [prefix, op] = name.split(".")
  return conversions[name] ?? (op === undefined ? null : lanewise(prefix, op))
}
