import { type Expression, type FunctionBuilder, f32x4, i32x4, type Local, v128 } from "../wasm/index.ts"

/** Four float32 numbers. */
export type Vector = Expression<"v128">

/** A polynomial by Horner's rule, highest coefficient first. */
export function polynomial(x: Local<"v128">, coefficients: readonly number[]): Vector {
  const [first = 0, ...rest] = coefficients
  return rest.reduce<Vector>((sum, c) => f32x4.add(f32x4.mul(sum, x), f32x4.const(c)), f32x4.const(first))
}

/** `a` where the mask is set, else `b`. */
export function choose(mask: Vector, a: Vector, b: Vector): Vector {
  return v128.bitselect(a, b, mask)
}

/** 2^n for integers -126 <= n <= 127 given as floats: written into the exponent's bits. */
function powerOfTwo(n: Vector): Vector {
  return i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.const(127)), 23)
}

interface Reduced {
  /** x = n ln 2 + r with |r| <= ln 2 / 2. */
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
  const n = f.let("n", f32x4.nearest(f32x4.mul(z, f32x4.const(1.4426950408889634))))
  const high = f32x4.sub(z, f32x4.mul(n, f32x4.const(0.693359375)))
  const r = f.let("r", f32x4.sub(high, f32x4.mul(n, f32x4.const(-2.1219444e-4))))
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
  const half = f.let("half", f32x4.floor(f32x4.mul(n, f32x4.const(0.5))))
  const once = f32x4.mul(f32x4.add(p, f32x4.const(1)), powerOfTwo(half))
  return f32x4.mul(once, powerOfTwo(f32x4.sub(n, half)))
}

/** e^x for x <= 0, within 2 ulp; below -87 it stays at e^-87 = 1.6e-38. */
export function expOfNegative(f: FunctionBuilder, x: Vector): Vector {
  const { n, p } = reduce(f, f32x4.pmax(x, f32x4.const(-87)))
  const power = f.let("power", powerOfTwo(n))
  return f32x4.add(f32x4.mul(power, p), power)
}

/** e^x - 1 for x <= 0, within 3 ulp also near 0, where e^x - 1 computed as a difference would lose every digit. */
export function expm1OfNegative(f: FunctionBuilder, x: Vector): Vector {
  const { n, p } = reduce(f, f32x4.pmax(x, f32x4.const(-87)))
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

/** 1 / (1 + e^-x), computed from e^-|x| <= 1 so that nothing overflows: within 4 ulp. */
export function sigmoid(f: FunctionBuilder, x: Vector): Vector {
  const z = f.let("x", x)
  const e = f.let("e", expOfNegative(f, f32x4.neg(f32x4.abs(z))))
  const top = choose(f32x4.lt(z, f32x4.const(0)), e, f32x4.const(1))
  return f32x4.div(top, f32x4.add(e, f32x4.const(1)))
}

/**
 * erf x = x p(x²) / q(x²) with |x| clamped to 4, the minimax quotient that Eigen uses: within 8 ulp.
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
