import { BatchNormalization, Dense, Flatten, Sequential } from "@selvedge/layers"
import { SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

/** Batch normalisation before every dense layer. */
export const bn: Training = {
  title: "Batch normalisation after the activations",
  epochs: 10,
  learningRate: 1e-3,
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        new BatchNormalization(),
        new Dense(300, { activation: "relu" }),
        new BatchNormalization(),
        new Dense(100, { activation: "relu" }),
        new BatchNormalization(),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}
