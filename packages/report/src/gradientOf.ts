import { StaleTensorError } from "@selvedge/core"
import type { Weight } from "@selvedge/layers"
import type { Optimizer } from "@selvedge/trainer"

/** The gradient that the latest step gave a weight, without the loss's scale; null for a frozen weight or when it is gone. */
export function gradientOf(weight: Weight, optimizer: Optimizer): ArrayLike<number> | null {
  if (!weight.trainable || weight.grad === null) return null
  try {
    const gradient = weight.grad.read()
    const scale = optimizer.lossScaleFactor
    return scale === null ? gradient : gradient.map(value => value / scale)
  } catch (error) {
    if (error instanceof StaleTensorError) return null
    throw error
  }
}
