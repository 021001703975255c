import { math } from "@selvedge/core"
import { logChoose, studentCdf, studentQuantile, studentTwoSided } from "./distributions.ts"

/** Some numbers in short. */
export interface Sample {
  readonly n: number
  readonly mean: number
  /** Standard deviation with n - 1; NaN for a single number. */
  readonly std: number
}

/** Number, mean and standard deviation. */
export function sampleOf(values: readonly number[]): Sample {
  const n = values.length
  const mean = values.reduce((sum, x) => sum + x, 0) / n
  const squares = values.reduce((sum, x) => sum + (x - mean) * (x - mean), 0)
  return { n, mean, std: n > 1 ? Math.sqrt(squares / (n - 1)) : Number.NaN }
}

/** What Welch's test says. */
export interface Welch {
  readonly t: number
  readonly df: number
  /** The standard error of the difference of the means. */
  readonly error: number
  /** Two-sided. */
  readonly p: number
}

/**
 * Welch's t-test: whether two means differ, the deviations being what they are (Welch 1947).
 *
 *   t = (mean a - mean b) / e,  e² = sa²/na + sb²/nb,  df = e⁴ / (sa⁴/(na²(na - 1)) + sb⁴/(nb²(nb - 1)))
 *
 * A single run beside several is taken to scatter as these do: df = n - 1 then.
 * @returns null when there is nothing to tell the scatter from.
 */
export function welch(a: Sample, b: Sample): Welch | null {
  const lone = a.n === 1 ? b : b.n === 1 ? a : null
  if (a.n === 0 || b.n === 0 || (a.n === 1 && b.n === 1)) return null
  const [va, vb] = lone
    ? [(lone.std * lone.std) / a.n, (lone.std * lone.std) / b.n]
    : [(a.std * a.std) / a.n, (b.std * b.std) / b.n]
  const error = Math.sqrt(va + vb)
  const df = lone ? lone.n - 1 : ((va + vb) * (va + vb)) / ((va * va) / (a.n - 1) + (vb * vb) / (b.n - 1))
  const difference = a.mean - b.mean
  if (error === 0) return { t: difference === 0 ? 0 : Infinity, df: a.n + b.n - 2, error, p: difference === 0 ? 1 : 0 }
  const t = difference / error
  return { t, df, error, p: studentTwoSided(t, df) }
}

/** How large a true difference must be for a two-sided test at `level` to find it with probability `power`. */
export function detectable({ df, error }: Welch, level: number, power: number): number {
  return (studentQuantile(1 - level / 2, df) + studentQuantile(power, df)) * error
}

/** The probability with which a two-sided test at `level` finds a true difference, on one side (shifted t). */
export function powerOf({ df, error }: Welch, level: number, difference: number): number {
  if (error === 0) return 1
  return studentCdf(difference / error - studentQuantile(1 - level / 2, df), df)
}

/**
 * P values after Holm's correction, in the order given: the smallest is multiplied by their number, the next one by one
 * less, and none gets below one before it (Holm 1979).
 */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((p, i) => ({ p, i })).sort((x, y) => x.p - y.p)
  const adjusted = pValues.map(() => 1)
  let most = 0
  for (const [rank, { p, i }] of order.entries()) {
    most = Math.max(most, Math.min(1, p * (pValues.length - rank)))
    adjusted[i] = most
  }
  return adjusted
}

/**
 * Fisher's exact test, two-sided: whether two rates differ, `a` of `n` and `b` of `m`. The sum of the probabilities of all
 * tables with the same margins that are no likelier than this one (Fisher 1922; as SciPy does it).
 */
export function fisher(a: number, n: number, b: number, m: number): number {
  const total = a + b
  const chance = (x: number) => logChoose(n, x) + logChoose(m, total - x) - logChoose(n + m, total)
  const observed = chance(a)
  let p = 0
  for (let x = Math.max(0, total - m); x <= Math.min(n, total); x++) {
    if (chance(x) <= observed + 1e-7) p += math.exp(chance(x))
  }
  return Math.min(1, p)
}

/**
 * Wilcoxon's rank-sum test (Mann & Whitney 1947), exact and two-sided: whether one group's numbers tend to be larger. Equal
 * numbers get their mean rank. The distribution of the rank sum is counted over all ways to choose the first group.
 */
export function rankSum(first: readonly number[], second: readonly number[]): number {
  const ranks = doubledRanks([...first, ...second])
  const n = first.length
  const sum = ranks.slice(0, n).reduce((total, rank) => total + rank, 0)
  const all = ranks.reduce((total, rank) => total + rank, 0)
  // ways[k].get(s): in how many ways k of the ranks so far add up to s.
  const ways = Array.from({ length: n + 1 }, () => new Map<number, number>())
  ways[0]?.set(0, 1)
  for (const rank of ranks) {
    for (let k = n; k >= 1; k--) {
      for (const [s, count] of ways[k - 1] ?? []) ways[k]?.set(s + rank, (ways[k]?.get(s + rank) ?? 0) + count)
    }
  }
  const mean = (all * n) / ranks.length
  let [extreme, total] = [0, 0]
  for (const [s, count] of ways[n] ?? []) {
    total += count
    if (Math.abs(s - mean) >= Math.abs(sum - mean) - 1e-9) extreme += count
  }
  return extreme / total
}

/** Twice the rank of each number, so that mean ranks of equal ones are whole. */
function doubledRanks(values: readonly number[]): number[] {
  return values.map(x => {
    const below = values.filter(y => y < x).length
    const equal = values.filter(y => y === x).length
    return 2 * below + equal + 1
  })
}
