import { AlphaDropout } from "@selvedge/layers"
import { OneCycle, SGD } from "@selvedge/trainer"
import { deepCifarNetwork } from "../cifar.ts"
import type { Training } from "../experiment.ts"

/** Exercise 8 f: the network with alpha dropout again, in few epochs with 1cycle scheduling. */
export const cifar10_one_cycle: Training = {
  title: "Exercise 8: 1cycle",
  epochs: 15,
  batchSize: 128,
  images: "cifar10",
  pixels: "standardized",
  learningRate: 0.05,
  model: seed =>
    deepCifarNetwork(seed, {
      activation: "selu",
      kernelInitializer: "lecun_normal",
      beforeOutput: () => new AlphaDropout(0.1),
    }),
  optimizer: ({ learningRate, steps, epochs }) =>
    new SGD({ learningRate: new OneCycle({ iterations: steps * epochs, maxRate: learningRate }) }),
}
