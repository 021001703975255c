import { highWord, scale } from "./bits.ts"

const QUARTER_PI = 0.7853981633974483
const TWO_OVER_PI = 0.6366197723675814
/** pi/2 in parts of 33, 33 and 53 bits: the first two times a 20-bit integer are exact. */
const HALF_PI_1 = 1.5707963267341256
const HALF_PI_2 = 6.077100506303966e-11
const HALF_PI_3 = 2.0222662487959506e-21
/** 2^20 pi/2. */
const LARGE = 1647099

/** floor(2^1200 2/pi): enough for the largest double. */
const TWO_OVER_PI_BITS = BigInt(
  "0xa2f9836e4e441529fc2757d1f534ddc0db6295993c439041fe5163abdebbc561b7246e3a424dd2e006492eea09d1921cfe1deb1cb129" +
    "a73ee88235f52ebb4484e99c7026b45f7e413991d639835339f49c845f8bbdf9283b1ff897ffde05980fef2f118b5a0a6d1f6d367ecf27cb" +
    "09b74f463f669e5fea2d7527bac7ebe5f17b3d0739f78a5292ea6bfb5fb11f8d5d0856033046fc7b",
)
/** floor(2^192 pi/2). */
const HALF_PI_BITS = BigInt("0x1921fb54442d18469898cc51701b839a252049c1114cf98e8")
const TWO_MINUS_192 = 1.5930919111324523e-58

/** What `reduce` left: the remainder and what its rounding lost. */
const rest = new Float64Array(2)

/**
 * sin x, x in radians.
 *
 * x = n pi/2 + r with |r| <= pi/4, r held in two doubles; then fdlibm's minimax polynomials for sine (degree 13) and
 * cosine (degree 14) of `k_sin.c` and `k_cos.c`. Arguments beyond 2^20 pi/2, or next to a multiple of pi/2, are reduced
 * with 1200 bits of 2/pi. Error < 1 ulp for every finite x.
 */
export function sin(x: number): number {
  const a = Math.abs(x)
  if (a <= QUARTER_PI) return a < 7.450580596923828e-9 ? x : sinReduced(x, 0)
  if (!(a < Infinity)) return NaN
  const n = reduce(x)
  const y = n & 1 ? cosReduced(rest[0], rest[1]) : sinReduced(rest[0], rest[1])
  return n & 2 ? -y : y
}

/** cos x, x in radians. Method and error as for `sin`. */
export function cos(x: number): number {
  const a = Math.abs(x)
  if (a <= QUARTER_PI) return cosReduced(x, 0)
  if (!(a < Infinity)) return NaN
  const n = reduce(x) + 1
  const y = n & 1 ? cosReduced(rest[0], rest[1]) : sinReduced(rest[0], rest[1])
  return n & 2 ? -y : y
}

function sinReduced(x: number, tail: number): number {
  const z = x * x
  const w = z * z
  const r =
    0.00833333333332249 +
    z * (-1.984126982985795e-4 + z * 2.7557313707070068e-6) +
    z * w * (-2.5050760253406863e-8 + z * 1.58969099521155e-10)
  const v = z * x
  return x - (z * (0.5 * tail - v * r) - tail - v * -0.16666666666666632)
}

function cosReduced(x: number, tail: number): number {
  const z = x * x
  const w = z * z
  const r =
    z * (0.0416666666666666 + z * (-0.001388888888887411 + z * 2.480158728947673e-5)) +
    w * w * (-2.7557314351390663e-7 + z * (2.087572321298175e-9 + z * -1.1359647557788195e-11))
  const half = 0.5 * z
  const y = 1 - half
  return y + (1 - y - half + (z * r - x * tail))
}

/** Leaves x - n pi/2 in `rest` and returns n modulo 4. */
function reduce(x: number): number {
  if (Math.abs(x) > LARGE) return reduceExactly(x)
  const n = (x * TWO_OVER_PI + (x < 0 ? -0.5 : 0.5)) | 0
  const t = x - n * HALF_PI_1
  const w = n * HALF_PI_2
  const r = t - w
  const lost = n * HALF_PI_3 - (t - r - w)
  const y = r - lost
  // Below this bound too many leading bits have cancelled for the three parts of pi/2, and t - r - w is not exact.
  if (Math.abs(y) < Math.abs(x) * 9.313225746154785e-10) return reduceExactly(x)
  rest[0] = y
  rest[1] = r - y - lost
  return n
}

/** Payne and Hanek's reduction in whole numbers: slow, rare, and right for every finite x. */
function reduceExactly(x: number): number {
  const a = Math.abs(x)
  const exponent = (highWord(a) >> 20) - 1075
  const shift = BigInt(1200 - exponent)
  const product = BigInt(scale(a, -exponent)) * TWO_OVER_PI_BITS
  const n = (product + (1n << (shift - 1n))) >> shift
  const fraction = (product - (n << shift)) >> (shift - 192n)
  const remainder = (fraction * HALF_PI_BITS) >> 192n
  const high = Number(remainder)
  const sign = x < 0 ? -1 : 1
  rest[0] = sign * high * TWO_MINUS_192
  rest[1] = sign * Number(remainder - BigInt(high)) * TWO_MINUS_192
  return sign * Number(n & 3n)
}
