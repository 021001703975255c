import { SGD } from "@selvedge/trainer"
import { deepNetwork, explosiveRate } from "../clipping.ts"
import type { Training } from "../experiment.ts"

/** What `clipvalue` and `clipnorm` prevent: gradients explode, and the run ends at a loss that is not finite. */
export const unclipped: Training = {
  title: "Exploding gradients, for comparison",
  epochs: 2,
  pixels: "standardized",
  learningRate: explosiveRate,
  model: deepNetwork,
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}
