import { Dense, Flatten, type KernelOptions, l1L2, Sequential } from "@selvedge/layers"
import { Nadam } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

const regularized = (units: number, options: KernelOptions) =>
  new Dense(units, { kernelRegularizer: l1L2(0.001, 0.01), ...options })

/** Both penalties at once. */
export const l1_l2: Training = {
  title: "ℓ1 and ℓ2 regularisation, factors 0.001 and 0.01",
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
