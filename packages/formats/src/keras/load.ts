import type { Model } from "@selvedge/layers"
import type { Source } from "../source.ts"
import { type Assignment, applyAll } from "./assign.ts"
import { modelFromConfig } from "./build.ts"
import { countStored, type KerasFile, openKeras } from "./file.ts"
import { checkLoad, type LoadOptions, type WeightOptions } from "./options.ts"
import { planH5 } from "./weightsH5.ts"
import { planV3 } from "./weightsV3.ts"

/**
 * Loads a model that Keras or this library saved: `.keras`, or a whole-model `.h5` of Keras 2 or 3. The kind is told by
 * the first bytes. Nothing in the file is ever run; classes of your own are passed in `customObjects`.
 *
 * @throws FormatError naming file, place, expected and found; OptionError for wrong options.
 */
export async function loadModel(source: Source, options: LoadOptions = {}): Promise<Model> {
  checkLoad("loadModel", options)
  return buildModel(await openKeras(source, options), options)
}

/** The model of an opened file, with its weights. */
export function buildModel(file: KerasFile, options: LoadOptions): Model {
  const { refuse } = file
  if (!file.model) {
    const hint = "the file holds weights only: make the model and call loadWeights"
    throw refuse("model_config", "a model's configuration", "none", hint)
  }
  const model = modelFromConfig(file.model, countStored(file.weights.group), options.customObjects, refuse)
  applyAll(planWeights(model, file, {}))
  return model
}

/** What goes where: nothing is changed yet. */
export function planWeights(model: Model, file: KerasFile, options: WeightOptions): Assignment[] {
  const { layout, group } = file.weights
  return layout === "v3" ? planV3(model, group, options, file.refuse) : planH5(model, group, options, file.refuse)
}
