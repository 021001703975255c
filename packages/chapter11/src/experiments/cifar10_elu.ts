import { Nadam } from "@selvedge/trainer"
import { deepCifarNetwork, sayBest, stopEarly } from "../cifar.ts"
import type { Training } from "../experiment.ts"

/** Exercise 8 a and b: twenty ELU layers with He initialisation, stopped early. The pixels are as they come, 0 to 255. */
export const cifar10_elu: Training = {
  title: "Exercise 8: deep ELU network",
  epochs: 100,
  images: "cifar10",
  pixels: "bytes",
  learningRate: 5e-5,
  model: seed => deepCifarNetwork(seed, { activation: "elu", kernelInitializer: "he_normal" }),
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
  callbacks: stopEarly,
  after: (lab, trainer) => sayBest(lab, trainer, "bytes"),
}
