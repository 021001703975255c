import type { Layer } from "@selvedge/layers"
import { type Refuse, show } from "../fail.ts"
import { dataset, ensureGroup, findGroup, type Hdf5Group, type Hdf5Tree } from "../hdf5/types.ts"
import { type Assignment, planOne, sameDims } from "./assign.ts"
import { slotsOf } from "./layout.ts"
import type { WeightOptions } from "./options.ts"

/** True for the tree of a `.weights.h5` file: layers by class and number. */
export function isV3(tree: Hdf5Tree): boolean {
  return tree.groups.has("layers") || tree.groups.has("_layer_checkpoint_dependencies")
}

/**
 * What goes where from a `.weights.h5` tree (Keras 3, and Keras 2.13 on). With `byName` the layer's own name, which
 * Keras 3 stores beside the weights, is looked up instead of its place.
 *
 * @throws FormatError for a weight that is missing, has another shape, or for weights that no layer takes.
 */
export function planV3(model: Layer, tree: Hdf5Tree, options: WeightOptions, refuse: Refuse): Assignment[] {
  const root = normalize(tree)
  const stored = new Map<string, Hdf5Group>()
  collect(root, "", stored)
  const named = new Map([...stored].map(([path, vars]) => [nameOf(vars), path]))
  const plans: Assignment[] = []
  for (const { path, layer, weights } of slotsOf(model)) {
    const key = options.byName ? named.get(layer.name) : path
    const vars = key === undefined ? undefined : stored.get(key)
    if (key !== undefined) stored.delete(key)
    if (options.byName && !vars) continue
    const place = `${key}/vars of layer ${show(layer.name)}`
    const count = vars?.datasets.size ?? 0
    if (count !== weights.length && options.skipMismatch) continue
    if (count !== weights.length) throw refuse(place, `${weights.length} weights`, `${count}`)
    weights.forEach((weight, i) => {
      const item = vars?.datasets.get(String(i))
      if (options.skipMismatch && item && !sameDims(item.shape, weight.shape)) return
      plans.push(planOne(weight, item, `${key}/vars/${i}`, refuse))
    })
  }
  const orphan = [...stored].find(([path, vars]) => path.startsWith("layers/") && vars.datasets.size > 0)
  if (orphan && !options.byName && !options.skipMismatch) {
    throw refuse(orphan[0], "weights of layers that the model has", "weights of another layer")
  }
  return plans
}

/** Keras 2.12 called the container of layers `_layer_checkpoint_dependencies`. */
function normalize(group: Hdf5Group): Hdf5Group {
  const groups = new Map<string, Hdf5Group>()
  for (const [name, child] of group.groups) {
    groups.set(name === "_layer_checkpoint_dependencies" ? "layers" : name, normalize(child))
  }
  return { ...group, groups }
}

function collect(group: Hdf5Group, path: string, into: Map<string, Hdf5Group>): void {
  const vars = group.groups.get("vars")
  if (vars) into.set(path, vars)
  for (const [name, child] of group.groups) {
    if (name !== "vars") collect(child, path === "" ? name : `${path}/${name}`, into)
  }
}

function nameOf(vars: Hdf5Group): string {
  const name = vars.attributes.get("name")
  return typeof name === "string" ? name : ""
}

/** Writes a model's weights into a tree in the layout of `.weights.h5`. */
export function putV3(model: Layer, tree: Hdf5Tree): void {
  for (const { path, layer, weights } of slotsOf(model)) {
    const vars = ensureGroup(tree, path === "" ? "vars" : `${path}/vars`)
    vars.attributes.set("name", layer.name)
    weights.forEach((weight, i) => {
      vars.datasets.set(String(i), dataset(weight.shape, toFloat(weight.read()), "float32"))
    })
  }
}

/** The arrays `vars/0`, `vars/1`, ... of the optimizer, or undefined when none are stored. */
export function optimizerV3(tree: Hdf5Tree): Hdf5Group | undefined {
  const vars = findGroup(tree, "optimizer/vars")
  return vars && vars.datasets.size > 0 ? vars : undefined
}

/** Weights are float32 outside of `withFloat64`. */
export function toFloat(data: Float32Array | Float64Array): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data)
}
