import { Dense, Flatten, Sequential } from "@selvedge/layers"

/** The network of the chapter's schedules: 300 and 100 SELU units with LeCun initialisation. */
export const seluNetwork = (seed: number): Sequential =>
  new Sequential(
    [
      new Flatten({ inputShape: [28, 28] }),
      new Dense(300, { activation: "selu", kernelInitializer: "lecun_normal" }),
      new Dense(100, { activation: "selu", kernelInitializer: "lecun_normal" }),
      new Dense(10, { activation: "softmax" }),
    ],
    { seed },
  )

/** The network of the chapter's transfer learning without its last layer: five SELU layers. */
export const transferLayers = () => [
  new Flatten({ inputShape: [28, 28] }),
  ...[300, 100, 50, 50, 50].map(units => new Dense(units, { activation: "selu" })),
]
