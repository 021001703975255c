import { Dense, Flatten, type KernelOptions, l2 as penalty, Sequential } from "@selvedge/layers"
import { Nadam } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

const regularized = (units: number, options: KernelOptions) =>
  new Dense(units, { kernelRegularizer: penalty(0.01), ...options })

/** An l2 penalty on every kernel keeps weights small. */
export const l2: Training = {
  title: "ℓ2 regularisation, factor 0.01",
  epochs: 2,
  pixels: "standardized",
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        regularized(300, { activation: "elu", kernelInitializer: "he_normal" }),
        regularized(100, { activation: "elu", kernelInitializer: "he_normal" }),
        regularized(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
}
