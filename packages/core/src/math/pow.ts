import { INVERSE_LN2, LN2_HIGH, LN2_LOW, SMALLEST_NORMAL, scale, TWO_54 } from "./bits.ts"
import { expReduced } from "./exp.ts"
import { centeredExponent } from "./log.ts"

/** 2^27 + 1 splits a double into two halves of 26 bits (Veltkamp). */
const SPLITTER = 134217729
const THIRD = 1 / 3
/** What `THIRD` lacks. */
const THIRD_REST = 1.850371707708594e-17

/** What the logarithm's rounding to one double lost. */
const rest = new Float64Array(1)

/**
 * x^y, with the special cases of ECMAScript (so 1 to an infinite or NaN power is NaN).
 *
 * e^(y log x), with log x and its product with y held in two doubles, about 68 bits: the exponent's absolute error is
 * the result's relative one. Error < 1 ulp; integer powers of integers are exact where a double can hold them.
 */
export function pow(x: number, y: number): number {
  if (y === 0) return 1
  if (y === 1) return x
  if (y === 2) return x * x
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN
  const a = Math.abs(x)
  const odd = Number.isInteger(y) && !Number.isInteger(0.5 * y)
  let result: number
  if (Math.abs(y) === Infinity) {
    if (a === 1) return NaN
    result = a > 1 === y > 0 ? Infinity : 0
  } else if (a === 0 || a === Infinity) {
    result = (a === 0) === y > 0 ? 0 : Infinity
  } else {
    if (x < 0 && !Number.isInteger(y)) return NaN
    result = powPositive(a, y)
  }
  return odd && (x < 0 || Object.is(x, -0)) ? -result : result
}

/** x^y for finite x > 0 and finite y. */
function powPositive(x: number, y: number): number {
  if (x === 1) return 1
  const high = logPair(x)
  const p = y * high
  if (p > 710) return Infinity
  if (p < -746) return 0
  const low = productError(y, high, p) + y * rest[0]
  const k = (INVERSE_LN2 * p + (p < 0 ? -0.5 : 0.5)) | 0
  return expReduced(p - k * LN2_HIGH, k * LN2_LOW - low, k)
}

/**
 * log x as a sum of two doubles: returns the leading one and leaves the other in `rest`.
 *
 * x = 2^k m, s = (m - 1) / (m + 1), log x = k ln 2 + 2 s (1 + z/3 + z² T(z)), z = s². Everything but T, which weighs
 * less than 2^-12, is carried in pairs. T is a degree-7 Chebyshev fit on [0, 0.02948], error 2^-59.
 */
function logPair(x: number): number {
  const tiny = x < SMALLEST_NORMAL
  const normal = tiny ? x * TWO_54 : x
  const e = centeredExponent(normal)
  const k = tiny ? e - 54 : e
  const m = scale(normal, -e)
  const f = m - 1
  const u = m + 1
  const s = f / u
  const su = s * u
  const sRest = (f - su - productError(s, u, su) - s * (m - (u - 1))) / u
  const z = s * s
  const zRest = productError(s, s, z) + 2 * s * sRest
  const third = z * THIRD
  const t = z * z * seriesTail(z)
  const w = third + t
  const wRest = t - (w - third) + (productError(z, THIRD, third) + z * THIRD_REST + zRest * THIRD)
  const s2 = 2 * s
  const p = s2 * w
  const l = s2 + p
  const lRest = p - (l - s2) + (productError(s2, w, p) + s2 * wRest + 2 * sRest * w + 2 * sRest)
  const kLn2 = k * LN2_HIGH
  const sum = kLn2 + l
  const sumRest = l - (sum - kLn2) + (lRest + k * LN2_LOW)
  const high = sum + sumRest
  rest[0] = sumRest - (high - sum)
  return high
}

/** (atanh(s)/s - 1 - z/3) / z² for z = s². */
function seriesTail(z: number): number {
  const end = 0.0666740439940617 + z * (0.05853063232281699 + z * 0.058621635304233734)
  return (
    0.2 +
    z *
      (0.14285714285714685 + z * (0.11111111110826383 + z * (0.09090909168049924 + z * (0.0769229744350359 + z * end))))
  )
}

/** a b - p exactly, for p the rounded product (Dekker). */
function productError(a: number, b: number, p: number): number {
  const ca = SPLITTER * a
  const cb = SPLITTER * b
  const ah = ca - (ca - a)
  const bh = cb - (cb - b)
  const al = a - ah
  const bl = b - bh
  return ah * bh - p + ah * bl + al * bh + al * bl
}
