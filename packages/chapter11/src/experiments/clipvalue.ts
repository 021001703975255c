import { SGD } from "@selvedge/trainer"
import { deepNetwork, explosiveRate } from "../clipping.ts"
import type { Training } from "../experiment.ts"

/** Every component of the gradient is cut to between -0.001 and 0.001. */
export const clipvalue: Training = {
  title: "Gradient clipping by value",
  epochs: 2,
  pixels: "standardized",
  learningRate: explosiveRate,
  model: deepNetwork,
  optimizer: ({ learningRate }) => new SGD({ learningRate, clipvalue: 0.001 }),
}
