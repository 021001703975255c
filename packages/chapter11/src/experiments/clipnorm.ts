import { SGD } from "@selvedge/trainer"
import { deepNetwork, explosiveRate } from "../clipping.ts"
import type { Training } from "../experiment.ts"

/** Every weight's gradient is scaled down to the norm 0.01, which keeps its direction. */
export const clipnorm: Training = {
  title: "Gradient clipping by norm",
  epochs: 2,
  pixels: "standardized",
  learningRate: explosiveRate,
  model: deepNetwork,
  optimizer: ({ learningRate }) => new SGD({ learningRate, clipnorm: 0.01 }),
}
