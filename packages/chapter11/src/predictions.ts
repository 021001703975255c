/** The numbers of one example among those of all. */
export function rowOf(values: ArrayLike<number>, row: number, size: number): number[] {
  return Array.from({ length: size }, (_, i) => values[row * size + i] ?? Number.NaN)
}

/** The class with the largest probability; of two values, [1 - p, p], where there is only one. */
export function bestOf(probabilities: readonly number[]): { label: number; probability: number } {
  const [yes = 0] = probabilities
  const all = probabilities.length === 1 ? [1 - yes, yes] : probabilities
  let label = 0
  for (let i = 1; i < all.length; i++) if ((all[i] ?? 0) > (all[label] ?? 0)) label = i
  return { label, probability: all[label] ?? Number.NaN }
}

/** The share of examples whose best class is the right one. */
export function share(probabilities: ArrayLike<number>, labels: ArrayLike<number>): number {
  const size = probabilities.length / labels.length
  const right = Array.from(labels).filter((label, i) => bestOf(rowOf(probabilities, i, size)).label === label)
  return right.length / labels.length
}

/** How often images of each class (rows) were taken for each (columns). */
export function confusionCounts(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): readonly number[][] {
  const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0))
  const size = probabilities.length / labels.length
  for (let i = 0; i < labels.length; i++) {
    const row = counts[labels[i] ?? 0]
    const { label } = bestOf(rowOf(probabilities, i, size))
    if (row) row[label] = (row[label] ?? 0) + 1
  }
  return counts
}
