import { OneCycle, SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { seluNetwork } from "../networks.ts"

/** 1cycle scheduling: the rate climbs to 0.05 and comes down again. `lr_finder` tells how high it may go. */
export const one_cycle: Training = {
  title: "1cycle scheduling",
  epochs: 25,
  batchSize: 128,
  pixels: "standardized",
  learningRate: 0.05,
  model: seluNetwork,
  optimizer: ({ learningRate, steps, epochs }) =>
    new SGD({ learningRate: new OneCycle({ iterations: steps * epochs, maxRate: learningRate }) }),
}
