import { Dense, Sequential } from "@selvedge/layers"
import { SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { transferLayers } from "../networks.ts"

/** A network for sandals and shirts that has 200 images and nothing else to learn from. */
export const model_B: Training = {
  title: "B: sandals and shirts, from 200 images",
  epochs: 20,
  images: "B",
  loss: "binary_crossentropy",
  learningRate: 1e-3,
  model: seed => new Sequential([...transferLayers(), new Dense(1, { activation: "sigmoid" })], { seed }),
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}
