import { Nadam } from "@selvedge/trainer"
import { deepCifarNetwork, sayBest, stopEarly } from "../cifar.ts"
import type { Training } from "../experiment.ts"

/** Exercise 8 d: SELU in place of batch normalisation, on standardised images with LeCun initialisation. */
export const cifar10_selu: Training = {
  title: "Exercise 8: SELU",
  epochs: 100,
  images: "cifar10",
  pixels: "standardized",
  learningRate: 7e-4,
  model: seed => deepCifarNetwork(seed, { activation: "selu", kernelInitializer: "lecun_normal" }),
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
  callbacks: stopEarly,
  after: (lab, trainer) => sayBest(lab, trainer, "standardized"),
}
