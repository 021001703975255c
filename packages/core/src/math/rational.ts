/** The coefficients of two polynomials, highest power first. */
export type Rational = readonly [numerator: readonly number[], denominator: readonly number[]]

/** The quotient of two polynomials at x, each by Horner's rule. */
export function rational(x: number, [numerator, denominator]: Rational): number {
  return horner(x, numerator) / horner(x, denominator)
}

function horner(x: number, coefficients: readonly number[]): number {
  let sum = coefficients[0]
  for (let i = 1; i < coefficients.length; i++) sum = coefficients[i] + x * sum
  return sum
}
