import { alloc, type Buffer, record, type Shape, ShapeError, sameShape, sizeOf, type Tensor } from "@selvedge/core"

/** How per-sample losses become one number; `"sum_over_batch_size"` is their mean. */
export const reductions = ["sum_over_batch_size", "mean", "sum", "mean_with_sample_weight", "none"] as const

/** One of Keras's names of reductions. */
export type Reduction = (typeof reductions)[number]

/**
 * Per-sample losses times their weights, reduced.                    [...] -> [] (or [...] for "none")
 *
 *   sum_over_batch_size, mean: sum(loss * weight) / number of losses
 *   mean_with_sample_weight:   sum(loss * weight) / sum(weight)
 *
 * Gradients flow to the losses only. The sum is taken in double, in order.
 * @throws ShapeError when the weights do not fit the losses.
 */
export function reduceLoss(losses: Tensor, weights: Tensor | null, reduction: Reduction): Tensor {
  const w = weights ? spreadWeights(weights, losses.shape) : null
  const values = losses.read()
  if (reduction === "none") return w ? weighted(losses, values, w) : losses
  const scale = 1 / divisor(reduction, losses.size, weights)
  const y = alloc(1)
  y[0] = sumOf(values, w) * scale
  return record("reduceLoss", y, [], [losses], (dy, dvalues) => {
    if (!dvalues) return
    const step = dy[0]! * scale
    for (let i = 0; i < dvalues.length; i++) dvalues[i]! += w ? step * w[i]! : step
  })
}

function weighted(losses: Tensor, values: Buffer, w: Buffer): Tensor {
  const y = alloc(values.length)
  for (let i = 0; i < y.length; i++) y[i] = values[i]! * w[i]!
  return record("reduceLoss", y, losses.shape, [losses], (dy, dvalues) => {
    if (!dvalues) return
    for (let i = 0; i < dvalues.length; i++) dvalues[i]! += dy[i]! * w[i]!
  })
}

function sumOf(values: Buffer, w: Buffer | null): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += w ? values[i]! * w[i]! : values[i]!
  return sum
}

function divisor(reduction: Reduction, count: number, weights: Tensor | null): number {
  if (reduction === "sum") return 1
  if (reduction !== "mean_with_sample_weight" || !weights) return count
  // Keras divides by nothing when all weights are zero.
  return sumOf(weights.read(), null) || Infinity
}

/**
 * One weight per value: weights of the values' shape, or of its first axes (a weight per sample counts for all of its
 * values); trailing ones do not matter.
 * @throws ShapeError for any other shape.
 */
export function spreadWeights(weights: Tensor, shape: Shape): Buffer {
  const w = weights.read()
  let given = [...weights.shape]
  while (given.length > 0 && given.at(-1) === 1 && (given.length > shape.length || shape[given.length - 1] !== 1)) {
    given = given.slice(0, -1)
  }
  if (!sameShape(given, shape.slice(0, given.length))) {
    throw new ShapeError("sampleWeight: the weights do not fit the losses", {
      facts: { weights: weights.shape, losses: shape },
      rule: "one weight per sample, or one per loss",
    })
  }
  const inner = sizeOf(shape.slice(given.length))
  if (inner === 1) return w
  const spread = alloc(sizeOf(shape))
  for (let i = 0; i < spread.length; i++) spread[i] = w[Math.floor(i / inner)]!
  return spread
}
