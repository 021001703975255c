import { formatShape } from "../errors.ts"
import type { Tensor } from "../tensor.ts"

/**
 * A tensor's shape and what its numbers are like, in one line: `[32, 10], min -3.1, max 88.7, mean 0.2, 3 NaN, 1 infinite`.
 * Minimum, maximum and mean are those of the finite numbers.
 * @throws StaleTensorError when it belonged to a training step that has ended.
 */
export function describeValues(x: Tensor): string {
  return `${formatShape(x.shape)}${describeNumbers(x.read())}`
}

/** What follows the shape: `, min -3.1, max 88.7, mean 0.2, 3 NaN`. */
export function describeNumbers(values: ArrayLike<number>): string {
  let [min, max, sum, finite, nan] = [Infinity, -Infinity, 0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (Number.isNaN(value)) nan++
    if (!Number.isFinite(value)) continue
    min = Math.min(min, value)
    max = Math.max(max, value)
    sum += value
    finite++
  }
  const infinite = values.length - finite - nan
  const digits = (value: number) => String(Number(value.toPrecision(4)))
  const range = finite ? `, min ${digits(min)}, max ${digits(max)}, mean ${digits(sum / finite)}` : ""
  return `${range}${nan ? `, ${nan} NaN` : ""}${infinite ? `, ${infinite} infinite` : ""}`
}
