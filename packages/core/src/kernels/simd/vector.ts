import { type Expression, type FunctionBuilder, f32x4, i32x4, type Local, v128 } from "../wasm/index.ts"

/** Four float32 numbers. */
export type Vector = Expression<"v128">

/**
 * Stores put off until both vectors of a pair are computed: an engine can fuse a pair whose stores follow one on the
 * other, with no load between them. The last comes first, see `storeVectors`.
 */
export class LaterStores {
  readonly #f: FunctionBuilder
  readonly #stores = new Map<Local<"i32">, [value: Local<"v128">, offset: number][]>()

  constructor(f: FunctionBuilder) {
    this.#f = f
  }

  /** Offsets at one address ascend, and none comes twice. */
  add(address: Local<"i32">, value: Local<"v128">, offset: number): void {
    const stores = this.#stores.get(address) ?? []
    stores.push([value, offset])
    this.#stores.set(address, stores)
  }

  emit(): void {
    for (const [address, stores] of this.#stores) {
      for (const [value, offset] of stores.reverse()) this.#f.v128.store(address, value, offset)
    }
  }
}

/** A polynomial by Horner's rule, highest coefficient first. */
export function polynomial(x: Local<"v128">, coefficients: readonly number[]): Vector {
  const [first = 0, ...rest] = coefficients
  return rest.reduce<Vector>((sum, c) => f32x4.add(f32x4.mul(sum, x), f32x4.const(c)), f32x4.const(first))
}

/** `a` where the mask is set, else `b`. */
export function choose(mask: Vector, a: Vector, b: Vector): Vector {
  return v128.bitselect(a, b, mask)
}

/** 1, -1, or where it is neither above nor below 0 the number itself: a zero, or NaN. */
export const sign = (x: Local<"v128">) =>
  choose(f32x4.gt(x, f32x4.const(0)), f32x4.const(1), choose(f32x4.lt(x, f32x4.const(0)), f32x4.const(-1), x))

/** `a` where the mask is set, else -0, which added to anything changes nothing, not even the sign of 0. */
export function when(mask: Vector, a: Vector): Vector {
  return choose(mask, a, f32x4.const(-0))
}

/** x with subnormal numbers as 0: a slot that decays would end in them, and they take a hundred times longer. */
export function flush(x: Local<"v128">): Vector {
  return v128.andnot(x, f32x4.lt(f32x4.abs(x), f32x4.const(smallestNormal)))
}

/** The sum of the lanes, in all four: (0 + 2) + (1 + 3). */
export function sumLanes(f: FunctionBuilder, x: Vector): Local<"v128"> {
  const v = f.let("v", x)
  f.set(v, f32x4.add(v, i32x4.shuffle(v, v, [2, 3, 0, 1])))
  f.set(v, f32x4.add(v, i32x4.shuffle(v, v, [1, 0, 3, 2])))
  return same(f, v)
}

/** Lane 0 in all lanes. All are the same already, but an engine that fuses pairs sees here that they are. */
export function same(f: FunctionBuilder, v: Vector): Local<"v128"> {
  return f.let("same", f32x4.splat(f32x4.extract_lane(v, 0)))
}

/** The largest lane, in all four; NaN if one is. */
export function maxLanes(f: FunctionBuilder, x: Vector): Local<"v128"> {
  const v = f.let("v", x)
  f.set(v, f32x4.max(v, i32x4.shuffle(v, v, [2, 3, 0, 1])))
  f.set(v, f32x4.max(v, i32x4.shuffle(v, v, [1, 0, 3, 2])))
  return same(f, v)
}

const smallestNormal = 1.1754943508222875e-38

/** 1.5 * 2^23: added to a small number, it leaves that rounded to an integer in the lowest bits of the sum. */
const rounder = 12582912
const rounderBits = 0x4b400000

/** 2^n for integers -127 <= n <= 127, -127 giving 0: written into the exponent's bits. */
function powerOfTwo(n: Vector): Vector {
  return i32x4.add(i32x4.shl(n, 23), i32x4.const(0x3f800000))
}

interface Reduced {
  /** x = n ln 2 + r with |r| <= ln 2 / 2; n is an integer in the lowest nine bits, with others above. */
  readonly n: Local<"v128">
  /** exp(r) - 1 */
  readonly p: Local<"v128">
}

/**
 * x = n ln 2 + r, ln 2 in two parts (Cody and Waite), and exp(r) - 1 = r + r² q(r) with the coefficients of Cephes'
 * `expf`: relative error of exp under 2 ulp.
 */
function reduce(f: FunctionBuilder, x: Vector): Reduced {
  const z = f.let("z", x)
  const n = f.let("n", f32x4.add(f32x4.mul(z, f32x4.const(Math.LOG2E)), f32x4.const(rounder)))
  const whole = f.let("whole", f32x4.sub(n, f32x4.const(rounder)))
  const high = f32x4.sub(z, f32x4.mul(whole, f32x4.const(0.693359375)))
  const r = f.let("r", f32x4.sub(high, f32x4.mul(whole, f32x4.const(-2.1219444e-4))))
  const q = polynomial(
    r,
    [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1],
  )
  return { n, p: f.let("p", f32x4.add(f32x4.mul(q, f32x4.mul(r, r)), r)) }
}

/**
 * e^x within 2 ulp. Overflows to infinity and underflows through denormals to 0; NaN stays NaN.
 * The power of two is applied in two halves, so that neither is out of range before the product is.
 */
export function exp(f: FunctionBuilder, x: Vector): Vector {
  // pmin and pmax keep a NaN in their first operand.
  const { n, p } = reduce(f, f32x4.pmax(f32x4.pmin(x, f32x4.const(89)), f32x4.const(-105)))
  const whole = f.let("whole", i32x4.sub(n, i32x4.const(rounderBits)))
  const half = f.let("half", i32x4.shr_s(whole, 1))
  const once = f32x4.mul(f32x4.add(p, f32x4.const(1)), powerOfTwo(half))
  return f32x4.mul(once, powerOfTwo(i32x4.sub(whole, half)))
}

/** e^x for x <= 0, within 2 ulp; 0 below -87.7. */
export function expOfNegative(f: FunctionBuilder, x: Vector): Vector {
  // At the limit n is -127, whose power is 0.
  const { n, p } = reduce(f, f32x4.pmax(x, f32x4.const(-88.1)))
  const power = f.let("power", powerOfTwo(n))
  return f32x4.add(f32x4.mul(power, p), power)
}

/** e^x - 1 for x <= 0, within 3 ulp also near 0, where e^x - 1 computed as a difference would lose every digit. */
export function expm1OfNegative(f: FunctionBuilder, x: Vector): Vector {
  const { n, p } = reduce(f, f32x4.pmax(x, f32x4.const(-88.1)))
  const power = f.let("power", powerOfTwo(n))
  return f32x4.add(f32x4.mul(power, p), f32x4.sub(power, f32x4.const(1)))
}

const signBit = () => i32x4.const(-2147483648)

/** tanh x = -t / (t + 2) with t = e^(-2|x|) - 1, and the sign of x: within 4 ulp. */
export function tanh(f: FunctionBuilder, x: Vector): Vector {
  const z = f.let("x", x)
  const t = f.let("t", expm1OfNegative(f, f32x4.mul(f32x4.abs(z), f32x4.const(-2))))
  const size = f32x4.div(f32x4.neg(t), f32x4.add(t, f32x4.const(2)))
  return v128.or(v128.andnot(size, signBit()), v128.and(z, signBit()))
}

/** 1 / (1 + e^-x), computed from e^-|x| <= 1 so that nothing overflows: within 4 ulp; 0 below -87.7. */
export function sigmoid(f: FunctionBuilder, x: Vector): Vector {
  const z = f.let("x", x)
  const e = f.let("e", expOfNegative(f, f32x4.neg(f32x4.abs(z))))
  const top = choose(f32x4.lt(z, f32x4.const(0)), e, f32x4.const(1))
  return f32x4.div(top, f32x4.add(e, f32x4.const(1)))
}

/**
 * erf x = x p(x²) / q(x²) with |x| clamped to 4, the minimax quotient that Eigen uses: within 8 ulp where |x| is above 1e-36.
 */
export function erf(f: FunctionBuilder, x: Vector): Vector {
  const z = f.let("x", f32x4.pmax(f32x4.pmin(x, f32x4.const(4)), f32x4.const(-4)))
  const square = f.let("square", f32x4.mul(z, z))
  const p = polynomial(
    square,
    [
      -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
      -2.95459980854025e-3, -1.60960333262415e-2,
    ],
  )
  const q = polynomial(
    square,
    [-1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2],
  )
  return f32x4.div(f32x4.mul(z, p), q)
}

/**
 * log x + c, within 1 ulp of log x: x = 2^k (1 + y) with 1 + y in [sqrt(1/2), sqrt(2)), then fdlibm's `logf`.
 * Minus infinity for 0, NaN below.
 */
export function log(f: FunctionBuilder, x: Vector, c: Vector = f32x4.const(0)): Vector {
  const z = f.let("x", x)
  const tiny = f.let("tiny", f32x4.lt(z, f32x4.const(smallestNormal)))
  const normal = choose(tiny, f32x4.mul(z, f32x4.const(8388608)), z)
  const bits = f.let("bits", i32x4.add(normal, i32x4.const(0x3f800000 - centre)))
  const exponent = i32x4.sub(i32x4.shr_s(bits, 23), i32x4.const(127))
  const k = f.let("k", f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(tiny, f32x4.const(23))))
  const mantissa = i32x4.add(v128.and(bits, i32x4.const(0x7fffff)), i32x4.const(centre))
  const y = f.let("y", f32x4.sub(mantissa, f32x4.const(1)))
  const half = f.let("half", f32x4.mul(f32x4.const(0.5), f32x4.mul(y, y)))
  const s = f.let("s", f32x4.div(y, f32x4.add(y, f32x4.const(2))))
  const square = f.let("square", f32x4.mul(s, s))
  const r = f32x4.mul(square, polynomial(square, [0.24279078841, 0.28498786688, 0.40000972152, 0.66666662693]))
  const low = f32x4.add(f32x4.mul(k, f32x4.const(9.0580006145e-6)), c)
  const rest = f32x4.add(f32x4.mul(s, f32x4.add(half, r)), low)
  const sum = f32x4.add(f32x4.sub(rest, half), y)
  const result = f.let("result", f32x4.add(sum, f32x4.mul(k, f32x4.const(0.69313812256))))
  const finite = choose(f32x4.lt(z, f32x4.const(Infinity)), result, z)
  const undefinedLog = choose(f32x4.eq(z, f32x4.const(0)), f32x4.const(-Infinity), f32x4.const(Number.NaN))
  return choose(f32x4.gt(z, f32x4.const(0)), finite, undefinedLog)
}

/** The bits of sqrt(1/2). */
const centre = 0x3f3504f3

/** log(1 + x) for 0 <= x <= 1, within 2 ulp: the logarithm of the rounded sum, and what its rounding lost. */
export function log1pOfSmall(f: FunctionBuilder, x: Vector): Vector {
  const z = f.let("x", x)
  const u = f.let("u", f32x4.add(z, f32x4.const(1)))
  const lost = f.let("lost", f32x4.div(f32x4.sub(z, f32x4.sub(u, f32x4.const(1))), u))
  return log(f, u, lost)
}

/** log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), within 3 ulp; 0 below -87.7. */
export function softplus(f: FunctionBuilder, x: Vector): Vector {
  const z = f.let("x", x)
  const e = expOfNegative(f, f32x4.neg(f32x4.abs(z)))
  return f32x4.add(f32x4.max(z, f32x4.const(0)), log1pOfSmall(f, e))
}
