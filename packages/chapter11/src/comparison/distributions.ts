import { math } from "@selvedge/core"

const { exp, log, normalQuantile } = math

// Lanczos's approximation of the gamma function, g = 7, nine terms; relative error below 1e-14.
const lanczos = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313, -176.61502916214059,
  12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6, 1.5056327351493116e-7,
]

/** ln gamma(x) for x > 0 (Lanczos 1964, g = 7). */
export function logGamma(x: number): number {
  if (x < 0.5) return log(Math.PI) - log(math.sin(Math.PI * x)) - logGamma(1 - x)
  const z = x - 1
  const t = z + 7.5
  const sum = lanczos.reduce((total, c, i) => total + (i === 0 ? c : c / (z + i)), 0)
  return 0.5 * log(2 * Math.PI) + (z + 0.5) * log(t) - t + log(sum)
}

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction (Lentz's method; Numerical Recipes,
 * 6.4), taken at the side where it converges fast. Relative error about 1e-13.
 */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0
  if (x >= 1) return 1
  const front = exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log(1 - x))
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b
}

function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300
  const apart = (value: number) => (Math.abs(value) < tiny ? tiny : value)
  let c = 1
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1))
  let h = d
  for (let m = 1; m < 1000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m))
    d = 1 / apart(1 + even * d)
    c = apart(1 + even / c)
    h *= d * c
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1))
    d = 1 / apart(1 + odd * d)
    c = apart(1 + odd / c)
    h *= d * c
    if (Math.abs(d * c - 1) < 1e-15) break
  }
  return h
}

/** P(T <= t) for Student's t with `df` degrees of freedom, which need not be a whole number. */
export function studentCdf(t: number, df: number): number {
  const tail = incompleteBeta(df / (df + t * t), df / 2, 0.5) / 2
  return t > 0 ? 1 - tail : tail
}

/** P(|T| >= |t|) for Student's t: accurate where it is tiny. */
export function studentTwoSided(t: number, df: number): number {
  return incompleteBeta(df / (df + t * t), df / 2, 0.5)
}

/** The t that `studentCdf` takes to `p`, by bisection from the normal distribution's. */
export function studentQuantile(p: number, df: number): number {
  if (p === 0.5) return 0
  if (p < 0.5) return -studentQuantile(1 - p, df)
  let low = 0
  let high = Math.max(1, normalQuantile(p))
  while (studentTwoSided(high, df) / 2 > 1 - p) high *= 2
  for (let i = 0; i < 200 && high - low > 1e-14 * high; i++) {
    const middle = (low + high) / 2
    if (studentTwoSided(middle, df) / 2 > 1 - p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** ln of the binomial coefficient n over k. */
export const logChoose = (n: number, k: number): number => logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
