import { clearLow } from "./bits.ts"
import { exp } from "./exp.ts"
import { type Rational, rational } from "./rational.ts"

/** erf(1) to 24 bits, the value around which the middle interval is expanded. */
const ERF_1 = 0.8450629115104675

/**
 * The error function, 2/sqrt(pi) times the integral of e^(-t²) from 0 to x.
 *
 * fdlibm's four intervals (`s_erf.c`): x + x R(x²) below 0.84375; erf(1) + P(s)/Q(s), s = |x| - 1, below 1.25; then
 * 1 - erfc(x). Error < 1 ulp.
 */
export function erf(x: number): number {
  const a = Math.abs(x)
  if (a < 0.84375) return a < 3.725290298461914e-9 ? tinyErf(x) : x + x * rational(x * x, nearZero)
  let y = x
  if (a < 1.25) y = ERF_1 + rational(a - 1, nearOne)
  else if (a >= 6) y = 1
  else if (a < 6) y = 1 - tail(a)
  return x < 0 ? -y : y
}

/**
 * 1 - erf(x), accurate where erf(x) is close to 1. From 1.25 on, e^(-x² - 0.5625 + R/S) / x with R/S in 1/x² (fdlibm's
 * `s_erf.c`). Error < 3 ulp.
 */
export function erfc(x: number): number {
  const a = Math.abs(x)
  if (a < 0.84375) {
    const y = x * rational(x * x, nearZero)
    return x < 0.25 ? 1 - (x + y) : 0.5 - (y + (x - 0.5))
  }
  if (a < 1.25) {
    const y = rational(a - 1, nearOne)
    return x < 0 ? 1 + (ERF_1 + y) : 1 - ERF_1 - y
  }
  if (x < -6) return 2
  if (a >= 28) return 0
  const y = tail(a)
  return x < 0 ? 2 - y : y
}

/** Below 2^-28 erf is linear; multiplied by 8 first, a subnormal x loses no bit. */
function tinyErf(x: number): number {
  return 0.125 * (8 * x + 1.0270333367641007 * x)
}

/** erf(x)/x - 1 as a function of z = x², for |x| < 0.84375. */
const nearZero: Rational = [
  [
    ...[-2.3763016656650163e-5, -0.005770270296489442, -0.02848174957559851, -0.3250421072470015],
    ...[0.12837916709551256],
  ],
  [
    ...[-3.960228278775368e-6, 1.3249473800432164e-4, 0.005081306281875766, 0.0650222499887673],
    ...[0.39791722395915535, 1],
  ],
]

/** erf(1 + s) - ERF_1, for 0.84375 <= 1 + s < 1.25. */
const nearOne: Rational = [
  [
    ...[-0.002166375594868791, 0.035478304325618236, -0.11089469428239668, 0.31834661990116175],
    ...[-0.3722078760357013, 0.41485611868374833, -0.0023621185607526594],
  ],
  [
    ...[0.011984499846799107, 0.01363708391202905, 0.12617121980876164, 0.07182865441419627],
    ...[0.540397917702171, 0.10642088040084423, 1],
  ],
]

/** erfc(a) for a >= 1.25. The square of `z`, a with half its bits, is exact, which keeps the exponent's error small. */
function tail(a: number): number {
  const z = clearLow(a)
  const s = 1 / (a * a)
  return (exp(-z * z - 0.5625) * exp((z - a) * (z + a) + rational(s, a < 1 / 0.35 ? tailNear : tailFar))) / a
}

const tailNear: Rational = [
  [
    ...[-9.814329344169145, -81.2874355063066, -184.60509290671104, -162.39666946257347],
    ...[-62.375332450326006, -10.558626225323291, -0.6938585727071818, -0.009864944034847148],
  ],
  [
    ...[-0.0604244152148581, 6.570249770319282, 108.63500554177944, 429.00814002756783],
    ...[645.3872717332679, 434.56587747522923, 137.65775414351904, 19.651271667439257],
    ...[1],
  ],
]

const tailFar: Rational = [
  [
    ...[-483.5191916086514, -1025.0951316110772, -637.5664433683896, -160.63638485582192],
    ...[-17.757954917754752, -0.799283237680523, -0.0098649429247001],
  ],
  [
    ...[-22.44095244658582, 474.52854120695537, 2553.0504064331644, 3199.8582195085955],
    ...[1536.729586084437, 325.7925129965739, 30.33806074348246, 1],
  ],
]
