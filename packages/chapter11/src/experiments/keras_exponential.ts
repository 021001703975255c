import { ExponentialDecay, SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { seluNetwork } from "../networks.ts"

/** A schedule given to the optimizer in place of a rate: a tenth in twenty epochs. */
export const keras_exponential: Training = {
  title: "A schedule as learning rate",
  epochs: 25,
  pixels: "standardized",
  model: seluNetwork,
  optimizer: ({ images }) => {
    const s = Math.floor((20 * images) / 32)
    return new SGD({
      learningRate: new ExponentialDecay({ initialLearningRate: 0.01, decaySteps: s, decayRate: 0.1 }),
    })
  },
}
