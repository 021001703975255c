import { Dense, Dropout, Flatten, Sequential } from "@selvedge/layers"
import { Nadam } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

/** A fifth of the units of every layer but the last is left out, other ones at every step. */
export const dropout: Training = {
  title: "Dropout",
  epochs: 2,
  pixels: "standardized",
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        new Dropout(0.2),
        new Dense(300, { activation: "elu", kernelInitializer: "he_normal" }),
        new Dropout(0.2),
        new Dense(100, { activation: "elu", kernelInitializer: "he_normal" }),
        new Dropout(0.2),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
}
