import {
  Activation,
  type ActivationName,
  BatchNormalization,
  Dense,
  Flatten,
  type InitializerName,
  type Layer,
  Sequential,
} from "@selvedge/layers"

/** How exercise 8's twenty hidden layers of a hundred units differ. */
export interface DeepOptions {
  readonly activation: ActivationName
  readonly kernelInitializer: InitializerName
  /** Batch normalisation of the inputs and before each activation. */
  readonly batchNormalization?: boolean
  /** A layer before the output. */
  readonly beforeOutput?: () => Layer
}

/** Exercise 8: twenty hidden layers of a hundred units on colour images of 32 x 32. */
export function deepCifarNetwork(seed: number, options: DeepOptions): Sequential {
  const { activation, kernelInitializer, batchNormalization = false, beforeOutput } = options
  const norm = () => (batchNormalization ? [new BatchNormalization()] : [])
  const hidden = () => [new Dense(100, { kernelInitializer }), ...norm(), new Activation(activation)]
  return new Sequential(
    [
      new Flatten({ inputShape: [32, 32, 3] }),
      ...norm(),
      ...Array.from({ length: 20 }, hidden).flat(),
      ...(beforeOutput ? [beforeOutput()] : []),
      new Dense(10, { activation: "softmax" }),
    ],
    { seed },
  )
}
