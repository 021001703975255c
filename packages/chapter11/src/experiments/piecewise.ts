import { LearningRateScheduler, Nadam, piecewiseScheduling } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { seluNetwork } from "../networks.ts"

/** Piecewise constant scheduling: 0.01 for five epochs, 0.005 until the fifteenth, then 0.001. */
export const piecewise: Training = {
  title: "Piecewise constant scheduling",
  epochs: 25,
  pixels: "standardized",
  model: seluNetwork,
  optimizer: () => new Nadam(),
  callbacks: () => [new LearningRateScheduler(piecewiseScheduling([5, 15], [0.01, 0.005, 0.001]))],
}
