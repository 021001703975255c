import { InverseTimeDecay, SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { seluNetwork } from "../networks.ts"

/** Power scheduling: lr = lr0 / (1 + steps / s)^c with c = 1 and s = 1 / decay, what Keras 2 called `decay`. */
export const power: Training = {
  title: "Power scheduling",
  epochs: 25,
  pixels: "standardized",
  model: seluNetwork,
  optimizer: () =>
    new SGD({
      learningRate: new InverseTimeDecay({ initialLearningRate: 0.01, decaySteps: 1, decayRate: 1e-4 }),
    }),
}
