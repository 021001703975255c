import { describe, OptionError } from "@selvedge/core"
import { Layer } from "../layer.ts"
import { Model } from "../models/model.ts"

/** Which layers of a model: all, those whose names begin so, those that a function picks, or a list of layers or names. */
export type LayerChoice = string | ((layer: Layer, index: number) => boolean) | readonly (Layer | string)[]

/**
 * Freezes layers: their weights stay as they are, batch normalisation among them runs in inference mode, and no
 * gradient is computed below the lowest layer that learns. It has effect at the next step, without compiling again.
 *
 *     freeze(model)                                  // every layer
 *     freeze(model, "encoder_")                      // by prefix
 *     freeze(model, layer => layer instanceof Dense)
 *     freeze(model, ["dense", "dense_1"])
 *
 * Models inside are frozen as wholes; to choose among their layers pass the inner model.
 * @returns the layers that were chosen.
 * @throws OptionError when the choice names a layer that the model does not have, or fits none.
 */
export function freeze(model: Model, choice?: LayerChoice): Layer[] {
  return setTrainable("freeze", model, choice, false)
}

/**
 * Lets layers learn again: the inverse of `freeze`.
 * @returns the layers that were chosen.
 * @throws OptionError when the choice names a layer that the model does not have, or fits none.
 */
export function unfreeze(model: Model, choice?: LayerChoice): Layer[] {
  return setTrainable("unfreeze", model, choice, true)
}

/**
 * Freezes every layer from the first to the one named, this included.
 * @returns the layers that were frozen.
 * @throws OptionError when the model has no such layer.
 */
export function freezeUpTo(model: Model, last: string | Layer): Layer[] {
  const end = model.layers.indexOf(layerOf(model, last))
  return freeze(model, (_, index) => index <= end)
}

/** A layer of a model, by itself or by name. @throws OptionError when the model does not have it. */
export function layerOf(model: Model, layer: string | Layer): Layer {
  if (typeof layer === "string") return model.getLayer(layer)
  if (layer instanceof Layer && model.layers.includes(layer)) return layer
  throw new OptionError(`${model.name}: has no such layer: ${describe(layer)}`, {
    facts: { layers: model.layers.map(l => l.name).join(", ") },
  })
}

function setTrainable(owner: string, model: Model, choice: LayerChoice | undefined, trainable: boolean): Layer[] {
  if (!(model instanceof Model)) {
    throw new OptionError(`${owner}: expects a model, got ${describe(model)}`, {
      hint: "a single layer is frozen by layer.trainable = false",
    })
  }
  const chosen = choose(model, choice)
  if (chosen.length === 0) {
    throw new OptionError(`${owner}: no layer of ${model.name} fits ${describe(choice)}`, {
      facts: { layers: model.layers.map(layer => layer.name).join(", ") || "(none)" },
    })
  }
  // The model's own flag would hide its layers' ones.
  if (trainable && !model.trainable) wake(model)
  for (const layer of chosen) layer.trainable = trainable
  return chosen
}

/** Makes a frozen model one whose layers are all frozen, so that some of them can be let go. */
function wake(model: Model): void {
  const frozen = model.layers
  model.trainable = true
  for (const layer of frozen) layer.trainable = false
}

function choose(model: Model, choice: LayerChoice | undefined): Layer[] {
  const { layers } = model
  if (choice === undefined) return layers
  if (typeof choice === "string") return layers.filter(layer => layer.name.startsWith(choice))
  if (typeof choice === "function") return layers.filter(choice)
  if (Array.isArray(choice)) return choice.map(layer => layerOf(model, layer))
  throw new OptionError(`layers are chosen by a prefix, a function or a list, got ${describe(choice)}`)
}
