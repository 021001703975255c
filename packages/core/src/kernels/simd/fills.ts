import { central, intermediate } from "../../math/normal.ts"
import type { Rational } from "../../math/rational.ts"
import { Program } from "../program.ts"
import { twin } from "../twin.ts"
import { type FunctionBuilder, f32x4, f64x2, i32, i32x4, i64, i64x2, type Local, v128 } from "../wasm/index.ts"
import { integers } from "./elementwise.ts"
import { encrypt, transposed } from "./noise.ts"
import type { Vector } from "./vector.ts"

// Twins of the loops of the same names in `ops/shared/fills.ts`. They compute in double precision and in the loops' order,
// so they give the same bits.

type Lanes = Local<"v128">
type Bits = [low: number, high: number]
type Arguments = [
  out: Float32Array | Float64Array,
  block: number,
  ...key: Bits,
  ...[number, number, number],
  ...Bits,
  ...Bits,
]

/** Numbers of a work unit: four blocks of Philox. */
const unit = 16
const { abs, add, div, mul, sub, splat } = f64x2
const c = (value: number) => splat(value)

const names = ["block", "k0", "k1", "c1", "c2", "c3", "factorLow", "factorHigh", "offsetLow", "offsetHigh"] as const
const layout = integers("out", ...names, "length")

/** The double with these bits, in both lanes. */
function double(f: FunctionBuilder, low: Local<"i32">, high: Local<"i32">): Lanes {
  const bits = i64.or(i64.shl(i64.extend_i32_u(high), 32n), i64.extend_i32_u(low))
  return f.let("double", i64x2.splat(bits))
}

/** out = factor z + offset, where `value` gives the z of two words of Philox, in the lowest lanes, as doubles. */
function fill(name: string, value: (f: FunctionBuilder, words: Lanes) => Vector) {
  const program = new Program(name, m => {
    const scratch = m.global("scratch", "i32")
    m.kernel(name, layout, (f, { out, block, length, ...words }, begin, end) => {
      const factor = double(f, words.factorLow, words.factorHigh)
      const offset = double(f, words.offsetLow, words.offsetHigh)
      const key: [Lanes, Lanes] = [f.let("key0", i32x4.splat(words.k0)), f.let("key1", i32x4.splat(words.k1))]
      const fixed = [words.c1, words.c2, words.c3].map(word => f.let("c", i32x4.splat(word)))
      const u = f.local("i32", "u")
      f.for(u, begin, end, 1, () => {
        const blocks = i32x4.add(i32x4.splat(i32.add(block, i32.mul(u, 4))), i32x4.const(0, 1, 2, 3))
        const made = transposed(f, encrypt(f, [f.let("blocks", blocks), ...fixed], key, true))
        for (const [i, word] of made.entries()) f.v128.store(scratch.get, word, 16 * i)
        const to = f.let("to", i32.add(out, i32.mul(u, 4 * unit)))
        const left = f.let("left", i32.sub(length, i32.mul(u, unit)))
        const p = f.local("i32", "p")
        f.for(p, scratch.get, i32.add(scratch.get, 4 * unit), 8, () => {
          const z = value(f, f.let("words", v128.load64_zero(p)))
          f.v128.store64_lane(p, f32x4.demote_f64x2_zero(add(mul(factor, z), offset)), 0)
        })
        f.if(i32.gt_s(left, unit), () => f.set(left, unit))
        f.memory.copy(to, scratch.get, i32.mul(left, 4))
      })
    })
  })
  return twin<Arguments>(program, {
    name,
    parameters: ["out", ...names.map(() => "int" as const)],
    least: 1,
    units: ([out]) => Math.ceil(out.length / unit),
    grain: () => 4096,
  })
}

/** Twin of the loop of the same name: factor u + offset with the u of `Stream.uniform`. */
export const scaledUniform = fill("scaledUniform", (_, words) =>
  mul(f64x2.convert_low_i32x4_u(i32x4.shr_u(words, 8)), c(1 / 16777216)),
)

/** Twin of the loop of the same name: factor z + offset with the z of `Stream.truncatedNormal`, rounded to float32. */
export const scaledTruncatedNormal = fill("scaledTruncatedNormal", (f, words) => {
  const share = mul(mul(add(f64x2.convert_low_i32x4_u(words), c(0.5)), c(1 / 4294967296)), c(0.9544997361036416))
  const p = f.let("p", add(c(0.022750131948179209), share))
  const q = f.let("q", sub(p, c(0.5)))
  const x = f.let("x", mul(q, ratio(f, sub(c(0.180625), mul(q, q)), central)))
  const outside = f.let("outside", f64x2.gt(abs(q), c(0.425)))
  f.if(v128.any_true(outside), () => {
    const negative = f.let("negative", f64x2.lt(q, c(0)))
    const tail = v128.bitselect(p, sub(c(1), p), negative)
    const size = f.let("size", ratio(f, sub(f64x2.sqrt(f64x2.neg(log(f, tail))), c(1.6)), intermediate))
    f.set(x, v128.bitselect(v128.bitselect(f64x2.neg(size), size, negative), x, outside))
  })
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(x))
})

function ratio(f: FunctionBuilder, at: Vector, [numerator, denominator]: Rational): Vector {
  const r = f.let("r", at)
  const horner = ([first = 0, ...rest]: readonly number[]) =>
    rest.reduce<Vector>((sum, coefficient) => add(c(coefficient), mul(r, sum)), c(first))
  return div(horner(numerator), horner(denominator))
}

/** `math/log.ts` for shares of the tails, which are positive, normal and below 1. */
function log(f: FunctionBuilder, x: Vector): Vector {
  const share = f.let("share", x)
  // The exponent's step from 1 to sqrt(1/2): `CENTER` there, in the upper half.
  const exponent = i64x2.shr_u(i64x2.add(share, i64x2.splat(BigInt(0x3ff00000 - 0x3fe6a09e) << 32n)), 52)
  const k = f.let("k", i64x2.sub(exponent, i64x2.splat(1023n)))
  const scale = i64x2.shl(i64x2.sub(i64x2.splat(1023n), k), 52)
  const y = f.let("y", sub(mul(share, scale), c(1)))
  const h = f.let("h", mul(mul(c(0.5), y), y))
  const s = f.let("s", div(y, add(c(2), y)))
  const z = f.let("z", mul(s, s))
  const w = f.let("w", mul(z, z))
  const horner = ([first = 0, ...rest]: readonly number[]) =>
    rest.reduce<Vector>((sum, coefficient) => add(c(coefficient), mul(w, sum)), c(first))
  const even = mul(w, horner([0.15313837699209373, 0.22222198432149784, 0.3999999999940942]))
  const odd = mul(z, horner([0.14798198605116586, 0.1818357216161805, 0.2857142874366239, 0.6666666666666735]))
  const whole = f.let("whole", f64x2.convert_low_i32x4_s(i32x4.shuffle(k, k, [0, 2, 0, 2])))
  const low = mul(whole, c(1.9082149292705877e-10))
  const rest = sub(h, add(mul(s, add(add(h, even), odd)), low))
  return sub(mul(whole, c(0.6931471803691238)), sub(rest, y))
}
