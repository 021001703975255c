import { Dense, Flatten, LeakyReLU, Sequential } from "@selvedge/layers"
import { SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

/** Leaky rectifiers with He initialisation: the chapter's first network. */
export const leaky_relu: Training = {
  title: "LeakyReLU with He initialisation",
  epochs: 10,
  learningRate: 1e-3,
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        new Dense(300, { kernelInitializer: "he_normal" }),
        new LeakyReLU(),
        new Dense(100, { kernelInitializer: "he_normal" }),
        new LeakyReLU(),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}
