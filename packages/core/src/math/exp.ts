import { INVERSE_LN2, LN2_HIGH, LN2_LOW, scale } from "./bits.ts"
import { log1p } from "./log.ts"

/**
 * e^x.
 *
 * x = k ln 2 + r with |r| <= ln 2 / 2; e^r = 1 + r + r c / (2 - c), where c = r - r² P(r²) and P is fdlibm's degree-4
 * minimax polynomial (Sun Microsystems, `e_exp.c`); then times 2^k. Error < 1 ulp.
 */
export function exp(x: number): number {
  if (x > 709.782712893384) return Infinity
  if (x < -745.1332191019411) return 0
  const k = (INVERSE_LN2 * x + (x < 0 ? -0.5 : 0.5)) | 0
  return expReduced(x - k * LN2_HIGH, k * LN2_LOW, k)
}

/** 2^k e^(high - low) for |high - low| <= ln 2 / 2. */
export function expReduced(high: number, low: number, k: number): number {
  const r = high - low
  const t = r * r
  const p =
    0.16666666666666602 +
    t * (-0.0027777777777015593 + t * (6.613756321437934e-5 + t * (-1.6533902205465252e-6 + t * 4.1381367970572385e-8)))
  const c = r - t * p
  return scale(1 - (low - (r * c) / (2 - c) - high), k)
}

/**
 * e^x - 1, accurate near 0.
 *
 * Reduced like `exp`; e^r - 1 from fdlibm's rational form in h = r²/2 (`s_expm1.c`), then put together for each k such
 * that the subtraction of 1 costs nothing. Error < 1.2 ulp.
 */
export function expm1(x: number): number {
  if (x > 709.782712893384) return Infinity
  if (x < -38.81624211356998) return -1
  if (Math.abs(x) < 5.551115123125783e-17) return x
  const k = (INVERSE_LN2 * x + (x < 0 ? -0.5 : 0.5)) | 0
  const high = x - k * LN2_HIGH
  const low = k * LN2_LOW
  const r = high - low
  const c = high - r - low
  const half = 0.5 * r
  const h = r * half
  const q =
    1 +
    h *
      (-0.03333333333333313 +
        h *
          (0.0015873015872548146 +
            h * (-7.93650757867488e-5 + h * (4.008217827329362e-6 + h * -2.0109921818362437e-7))))
  const t = 3 - q * half
  const e = h * ((q - t) / (6 - r * t))
  if (k === 0) return r - (r * e - h)
  return expm1Scaled(r, r * (e - c) - c - h, k)
}

/** 2^k (1 + r - e) - 1, for k other than 0. */
function expm1Scaled(r: number, e: number, k: number): number {
  if (k === -1) return 0.5 * (r - e) - 0.5
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e)
  if (k < 0 || k > 52) return scale(1 - (e - r), k) - 1
  return scale(1 - scale(1, -k) - (e - r), k)
}

/**
 * (e^x - e^-x) / (e^x + e^-x), from `expm1` of 2|x| or -2|x| (fdlibm's `s_tanh.c`). Error < 2.2 ulp.
 */
export function tanh(x: number): number {
  const a = Math.abs(x)
  if (a < 3.725290298461914e-9) return x
  if (a > 22) return x < 0 ? -1 : 1
  let y: number
  if (a >= 1) {
    y = 1 - 2 / (expm1(2 * a) + 2)
  } else {
    const t = expm1(-2 * a)
    y = -t / (t + 2)
  }
  return x < 0 ? -y : y
}

/** 1 / (1 + e^-x), with the exponent never positive. Error < 2.5 ulp; 0 only where e^x itself is 0. */
export function sigmoid(x: number): number {
  const e = exp(-Math.abs(x))
  return x < 0 ? e / (1 + e) : 1 / (1 + e)
}

/** log(1 + e^x) = max(x, 0) + log1p(e^-|x|). Error < 2 ulp. */
export function softplus(x: number): number {
  return Math.max(x, 0) + log1p(exp(-Math.abs(x)))
}
