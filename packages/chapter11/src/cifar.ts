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
import { EarlyStopping, type Trainer } from "@selvedge/trainer"
import type { Pixels } from "./data.ts"
import type { Lab } from "./experiment.ts"
import { evaluate } from "./train.ts"

/** How exercise 8's twenty hidden layers of a hundred units differ. */
export interface DeepOptions {
  readonly activation: ActivationName
  readonly kernelInitializer: InitializerName
  /** Batch normalisation of the inputs and before each activation. */
  readonly batchNormalization?: boolean
  /** A layer before the output. */
  readonly beforeOutput?: () => Layer
}

/** Training ends when the validation loss has not fallen for twenty epochs, with the weights of the best one. */
export const stopEarly = () => [new EarlyStopping({ patience: 20, restoreBestWeights: true })]

/** Says how good the best epoch's weights are, as the book does of the network that it saved last. */
export async function sayBest(lab: Lab, trainer: Trainer, pixels: Pixels): Promise<void> {
  const { validation } = await lab.prepared("cifar10", pixels)
  const { loss = Number.NaN, accuracy = Number.NaN } = await evaluate(trainer, validation)
  lab.print(`Validation images with the best epoch's weights: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}`)
  lab.fact("best", [loss, accuracy])
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
