const double = new Float64Array(1)
const halves = new Int32Array(double.buffer)
const single = new Float32Array(1)
const singleBits = new Int32Array(single.buffer)

/** Which half of a double holds sign and exponent: the second one on little-endian machines. */
const HIGH = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 1 : 0

/** ln 2 to 32 bits, so that its product with an exponent is exact ... */
export const LN2_HIGH = 0.6931471803691238
/** ... and the rest of it. */
export const LN2_LOW = 1.9082149292705877e-10
/** 1 / ln 2. */
export const INVERSE_LN2 = 1 / (LN2_HIGH + LN2_LOW)
/** The smallest normal double, 2^-1022. */
export const SMALLEST_NORMAL = 2.2250738585072014e-308
/** 2^54, which makes any subnormal normal. */
export const TWO_54 = 18014398509481984

const TWO_1023 = 8.98846567431158e307
const TWO_MINUS_969 = 2.004168360008973e-292

/** Sign, exponent and the upper 20 bits of the mantissa, as a signed integer. */
export function highWord(x: number): number {
  double[0] = x
  return halves[HIGH]
}

/** `x` with the lower 32 bits of its mantissa cleared: its square is exact. */
export function clearLow(x: number): number {
  double[0] = x
  halves[1 - HIGH] = 0
  return double[0]
}

/**
 * y 2^k, rounded once, for |y| near 1 and -1990 < k < 2047.
 *
 * Powers that float32 can hold go through its 4-byte view: a store of half a double followed by a load of the whole
 * costs a stall of a dozen cycles.
 */
export function scale(y: number, k: number): number {
  if (k >= -126 && k <= 127) {
    singleBits[0] = (k + 127) << 23
    return y * single[0]
  }
  if (k > 1023) return y * TWO_1023 * powerOfTwo(k - 1023)
  if (k < -1022) return y * TWO_MINUS_969 * powerOfTwo(k + 969)
  return y * powerOfTwo(k)
}

function powerOfTwo(k: number): number {
  halves[1 - HIGH] = 0
  halves[HIGH] = (k + 1023) << 20
  return double[0]
}
