import { Dense, Flatten, type KernelOptions, l1 as penalty, Sequential } from "@selvedge/layers"
import { Nadam } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

const regularized = (units: number, options: KernelOptions) =>
  new Dense(units, { kernelRegularizer: penalty(0.001), ...options })

/** An l1 penalty on every kernel drives most weights to zero. The book names a factor of 0.1, which drives them all there. */
export const l1: Training = {
  title: "ℓ1 regularisation, factor 0.001",
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
