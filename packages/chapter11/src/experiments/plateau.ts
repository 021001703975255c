import { ReduceLROnPlateau, SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { seluNetwork } from "../networks.ts"

/** Performance scheduling: the rate is halved when the validation loss has not fallen for five epochs. */
export const plateau: Training = {
  title: "Performance scheduling",
  epochs: 25,
  pixels: "standardized",
  learningRate: 0.02,
  model: seluNetwork,
  optimizer: ({ learningRate }) => new SGD({ learningRate, momentum: 0.9 }),
  callbacks: () => [new ReduceLROnPlateau({ factor: 0.5, patience: 5 })],
}
