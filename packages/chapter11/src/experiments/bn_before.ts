import { Activation, BatchNormalization, Dense, Flatten, Sequential } from "@selvedge/layers"
import { SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

/** Batch normalisation between a dense layer and its activation; its shift makes the bias superfluous. */
export const bn_before: Training = {
  title: "Batch normalisation before the activations",
  epochs: 10,
  learningRate: 1e-3,
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        new BatchNormalization(),
        new Dense(300, { useBias: false }),
        new BatchNormalization(),
        new Activation("relu"),
        new Dense(100, { useBias: false }),
        new BatchNormalization(),
        new Activation("relu"),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}
