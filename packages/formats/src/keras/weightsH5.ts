import type { Layer, Model, Weight } from "@selvedge/layers"
import { type Refuse, show } from "../fail.ts"
import { getNames, setNames } from "../hdf5/names.ts"
import { dataset, emptyGroup, findDataset, type Hdf5Dataset, type Hdf5Group } from "../hdf5/types.ts"
import { type Assignment, planOne, sameDims } from "./assign.ts"
import { legacyWeights } from "./layout.ts"
import type { WeightOptions } from "./options.ts"
import { toFloat } from "./weightsV3.ts"

/** Where Keras puts weights that belong to a model itself and to none of its layers. */
const TOP_LEVEL = "top_level_model_weights"

interface StoredLayer {
  readonly name: string
  readonly weights: readonly { name: string; stored: Hdf5Dataset }[]
}

/**
 * What goes where from the `model_weights` group of a whole-model `.h5` file, or a legacy weights file: layers with
 * weights one after another, or by name.
 *
 * @throws FormatError for a layer or weight too many or too few, a missing dataset, another shape.
 */
export function planH5(model: Model, group: Hdf5Group, options: WeightOptions, refuse: Refuse): Assignment[] {
  const stored = storedLayers(group, refuse)
  if (options.byName) return planByName(model, stored, options, refuse)
  const filled = stored.filter(layer => layer.weights.length > 0)
  const layers = model.layers.filter(layer => layer.weights.length > 0)
  if (filled.length !== layers.length) {
    throw refuse("layer_names", `${layers.length} layers with weights`, `${filled.length}`)
  }
  return layers.flatMap((layer, i) => planLayer(layer, filled[i]!, options, refuse))
}

function planByName(
  model: Model,
  stored: readonly StoredLayer[],
  options: WeightOptions,
  refuse: Refuse,
): Assignment[] {
  const byName = new Map(stored.map(layer => [layer.name, layer]))
  return model.layers.flatMap(layer => {
    const source = byName.get(layer.name)
    return source ? planLayer(layer, source, options, refuse) : []
  })
}

function planLayer(layer: Layer, source: StoredLayer, options: WeightOptions, refuse: Refuse): Assignment[] {
  const weights = legacyWeights(layer)
  const place = `layer ${show(source.name)}`
  if (weights.length !== source.weights.length) {
    if (options.skipMismatch) return []
    throw refuse(place, `${weights.length} weights for ${show(layer.name)}`, `${source.weights.length}`)
  }
  return source.weights.flatMap(({ name, stored }, i) => {
    const weight = weights[i]!
    if (options.skipMismatch && !sameDims(stored.shape, weight.shape)) return []
    return [planOne(weight, stored, `${place}, ${show(name)}`, refuse)]
  })
}

function storedLayers(group: Hdf5Group, refuse: Refuse): StoredLayer[] {
  const names = getNames(group.attributes, "layer_names", refuse, "model_weights")
  if (!names) throw refuse("model_weights", "the attribute layer_names", "none")
  return names.map(name => {
    const layer = group.groups.get(name)
    if (!layer) throw refuse("model_weights", `a group for layer ${show(name)}`, "none")
    return { name, weights: readNamed(layer, `layer ${show(name)}`, refuse) }
  })
}

/** The datasets that the attribute `weight_names` lists, in its order. */
export function readNamed(group: Hdf5Group, place: string, refuse: Refuse): { name: string; stored: Hdf5Dataset }[] {
  const names = getNames(group.attributes, "weight_names", refuse, place)
  if (!names) throw refuse(place, "the attribute weight_names", "none")
  return names.map(name => {
    const stored = findDataset(group, name)
    if (!stored) throw refuse(place, `the dataset ${show(name)}`, "none")
    return { name, stored }
  })
}

/** A model's weights as the `model_weights` group of a whole-model `.h5` file. */
export function weightsGroup(model: Model, kerasVersion: string): Hdf5Group {
  const group = emptyGroup()
  setNames(
    group.attributes,
    "layer_names",
    model.layers.map(layer => layer.name),
  )
  group.attributes.set("backend", "tensorflow")
  group.attributes.set("keras_version", kerasVersion)
  for (const layer of model.layers) group.groups.set(layer.name, namedGroup(legacyWeights(layer).map(encode)))
  group.groups.set(TOP_LEVEL, namedGroup([]))
  return group
}

function encode(weight: Weight): [string, Hdf5Dataset] {
  return [weight.name, dataset(weight.shape, toFloat(weight.read()), "float32")]
}

/** Datasets with the attribute `weight_names` that keeps their order; a name that occurs twice is numbered. */
export function namedGroup(items: readonly (readonly [string, Hdf5Dataset])[]): Hdf5Group {
  const group = emptyGroup()
  const names = new Set<string>()
  for (const [wish, data] of items) {
    const base = wish || "weight"
    let name = base
    for (let n = 1; names.has(name); n++) name = `${base}_${n}`
    names.add(name)
    put(group, name, data)
  }
  setNames(group.attributes, "weight_names", [...names])
  return group
}

function put(root: Hdf5Group, path: string, data: Hdf5Dataset): void {
  const parts = path.split("/").filter(Boolean)
  let group = root
  for (const part of parts.slice(0, -1)) {
    const next = group.groups.get(part) ?? emptyGroup()
    group.groups.set(part, next)
    group = next
  }
  group.datasets.set(parts.at(-1) ?? "weight", data)
}
