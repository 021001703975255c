import { Nadam } from "@selvedge/trainer"
import { deepCifarNetwork } from "../cifar.ts"
import type { Training } from "../experiment.ts"

/** Exercise 8 a and b: twenty ELU layers with He initialisation. */
export const cifar10_elu: Training = {
  title: "Exercise 8: deep ELU network",
  epochs: 15,
  images: "cifar10",
  learningRate: 5e-5,
  model: seed => deepCifarNetwork(seed, { activation: "elu", kernelInitializer: "he_normal" }),
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
}
