import { Dense, Flatten, Sequential } from "@selvedge/layers"
import { SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

/** A hundred hidden layers that train, because SELU keeps their activations normalised. */
export const selu_100: Training = {
  title: "A hundred SELU layers",
  epochs: 5,
  pixels: "standardized",
  learningRate: 1e-3,
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        new Dense(300, { activation: "selu", kernelInitializer: "lecun_normal" }),
        ...Array.from({ length: 99 }, () => new Dense(100, { activation: "selu", kernelInitializer: "lecun_normal" })),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}
