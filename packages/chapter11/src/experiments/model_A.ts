import { join } from "node:path"
import { loadModel, saveModel } from "@selvedge/formats"
import { Dense, Sequential } from "@selvedge/layers"
import { SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { transferLayers } from "../networks.ts"

/** A network for the eight classes of A, whose layers are reused for B. It goes through a file on the way. */
export const model_A: Training = {
  title: "A: eight classes",
  epochs: 20,
  images: "A",
  learningRate: 1e-3,
  model: seed => new Sequential([...transferLayers(), new Dense(8, { activation: "softmax" })], { seed }),
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
  async after(lab, { model }) {
    if (!(model instanceof Sequential)) return
    const file = join(lab.folder, "my_model_A.h5")
    await saveModel(model, file)
    const loaded = await loadModel(file)
    const same = loaded.getWeights().every((weight, i) => equal(weight, model.getWeights()[i]))
    lab.print(`Saved as my_model_A.h5 and loaded again: the weights are ${same ? "the same" : "others"}`)
    lab.fact("loaded the same", same)
  },
}

function equal(a: ArrayLike<number>, b: ArrayLike<number> | undefined): boolean {
  return b !== undefined && a.length === b.length && Array.from(a).every((x, i) => Object.is(x, b[i]))
}
