/** The p of y = c x^p that fits best: least squares of log y against log x. */
export function exponent(x: readonly number[], y: readonly number[]): number {
  const [u, v] = [x.map(Math.log), y.map(Math.log)]
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [centre, middle] = [mean(u), mean(v)]
  let [products, squares] = [0, 0]
  for (const [i, value] of u.entries()) {
    products += (value - centre) * ((v[i] ?? 0) - middle)
    squares += (value - centre) ** 2
  }
  return products / squares
}
