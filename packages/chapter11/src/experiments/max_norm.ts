import { Dense, Flatten, type KernelOptions, maxNorm, Sequential } from "@selvedge/layers"
import { Nadam } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"

const constrained = (units: number, options: KernelOptions) =>
  new Dense(units, { kernelConstraint: maxNorm(1), ...options })

/** Max-norm regularisation: after each step the weights into a unit are scaled down to the norm 1. */
export const max_norm: Training = {
  title: "Max-norm regularisation",
  epochs: 2,
  pixels: "standardized",
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        constrained(300, { activation: "selu", kernelInitializer: "lecun_normal" }),
        constrained(100, { activation: "selu", kernelInitializer: "lecun_normal" }),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
}
