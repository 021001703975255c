import { Nadam } from "@selvedge/trainer"
import { deepCifarNetwork, sayBest, stopEarly } from "../cifar.ts"
import type { Training } from "../experiment.ts"

/** Exercise 8 c: the same with batch normalisation, which bears ten times the rate. */
export const cifar10_bn: Training = {
  title: "Exercise 8: with batch normalisation",
  epochs: 100,
  images: "cifar10",
  pixels: "bytes",
  learningRate: 5e-4,
  model: seed =>
    deepCifarNetwork(seed, { activation: "elu", kernelInitializer: "he_normal", batchNormalization: true }),
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
  callbacks: stopEarly,
  after: (lab, trainer) => sayBest(lab, trainer, "bytes"),
}
