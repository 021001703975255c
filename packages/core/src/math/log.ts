import { highWord, LN2_HIGH, LN2_LOW, SMALLEST_NORMAL, scale, TWO_54 } from "./bits.ts"

/** Moves the exponent's step from 1 to sqrt(1/2), so that a mantissa falls in [sqrt(1/2), sqrt(2)). */
const CENTER = 0x3ff00000 - 0x3fe6a09e

/** The k for which x 2^-k lies in [sqrt(1/2), sqrt(2)); `x` positive and normal. */
export function centeredExponent(x: number): number {
  return ((highWord(x) + CENTER) >> 20) - 1023
}

/**
 * The natural logarithm.
 *
 * x = 2^k (1 + f) with 1 + f in [sqrt(1/2), sqrt(2)); with s = f / (2 + f), log(1 + f) = 2 s + s R(s²), where R is
 * fdlibm's degree-7 minimax polynomial (`e_log.c`). Error < 1 ulp.
 */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN
  if (x === Infinity) return x
  const tiny = x < SMALLEST_NORMAL
  const normal = tiny ? x * TWO_54 : x
  const k = centeredExponent(normal)
  return logReduced(scale(normal, -k) - 1, tiny ? k - 54 : k, 0)
}

/**
 * log(1 + x), accurate near 0.
 *
 * As `log` of the rounded sum u = 1 + x, plus the sum's rounding error over u (fdlibm's `s_log1p.c`). Error < 1 ulp.
 */
export function log1p(x: number): number {
  if (!(x > -1)) return x === -1 ? -Infinity : NaN
  if (Math.abs(x) < 5.551115123125783e-17 || x === Infinity) return x
  if (x > -0.2928 && x < 0.4142) return logReduced(x, 0, 0)
  const u = 1 + x
  const k = centeredExponent(u)
  const lost = x >= 1 ? 1 - (u - x) : x - (u - 1)
  return logReduced(scale(u, -k) - 1, k, lost / u)
}

/** k ln 2 + log(1 + f) + c. */
function logReduced(f: number, k: number, c: number): number {
  const h = 0.5 * f * f
  const s = f / (2 + f)
  const z = s * s
  const w = z * z
  const even = w * (0.3999999999940942 + w * (0.22222198432149784 + w * 0.15313837699209373))
  const odd = z * (0.6666666666666735 + w * (0.2857142874366239 + w * (0.1818357216161805 + w * 0.14798198605116586)))
  return k * LN2_HIGH - (h - (s * (h + even + odd) + (k * LN2_LOW + c)) - f)
}
