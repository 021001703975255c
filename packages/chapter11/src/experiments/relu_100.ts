import { Dense, Flatten, Sequential } from "@selvedge/layers"
import { SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

/** The same hundred layers with plain rectifiers: slow and unsteady. */
export const relu_100: Training = {
  title: "A hundred ReLU layers, for comparison",
  epochs: 5,
  pixels: "standardized",
  learningRate: 1e-3,
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        new Dense(300, { activation: "relu", kernelInitializer: "he_normal" }),
        ...Array.from({ length: 99 }, () => new Dense(100, { activation: "relu", kernelInitializer: "he_normal" })),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}
