import { Dense, Flatten, PReLU, Sequential } from "@selvedge/layers"
import { SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

/** Rectifiers whose slope on the left is learned, unit by unit. */
export const prelu: Training = {
  title: "PReLU with He initialisation",
  epochs: 10,
  learningRate: 1e-3,
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        new Dense(300, { kernelInitializer: "he_normal" }),
        new PReLU(),
        new Dense(100, { kernelInitializer: "he_normal" }),
        new PReLU(),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}
