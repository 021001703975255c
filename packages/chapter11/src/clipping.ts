import { Dense, Flatten, Sequential } from "@selvedge/layers"

/** A rate at which a deep network's gradients explode within a few steps. */
export const explosiveRate = 0.5

/** Ten hidden layers of SELU units from a Glorot initialisation, on whose way back gradients can grow. */
export const deepNetwork = (seed: number): Sequential =>
  new Sequential(
    [
      new Flatten({ inputShape: [28, 28] }),
      ...Array.from({ length: 10 }, () => new Dense(100, { activation: "selu", kernelInitializer: "he_normal" })),
      new Dense(10, { activation: "softmax" }),
    ],
    { seed },
  )
