import { Layer, Model, nameOfClass, toKerasKey, toSnakeCase, type Weight } from "@selvedge/layers"

/** One layer's place in `.weights.h5`: its group, and the weights that stand in `vars/0`, `vars/1`, ... */
export interface Slot {
  readonly path: string
  readonly layer: Layer
  readonly weights: readonly Weight[]
}

/**
 * Every layer of a model, itself first, under the path that Keras's `saving_lib` gives it: class name and running
 * number in the order of `model.layers`, not the layer's own name. A layer that occurs twice stands at its first place.
 */
export function slotsOf(model: Layer): Slot[] {
  const slots: Slot[] = []
  const seen = new Set<Layer>()
  const visit = (layer: Layer, path: string): void => {
    if (seen.has(layer)) return
    seen.add(layer)
    slots.push({ path, layer, weights: ownWeights(layer) })
    for (const [name, child] of childrenOf(layer)) visit(child, path === "" ? name : `${path}/${name}`)
  }
  visit(model, "")
  return slots
}

/** A layer's weights without those of layers inside it. */
function ownWeights(layer: Layer): Weight[] {
  const inner = new Set(layer.sublayers().flatMap(child => child.weights))
  return layer.weights.filter(weight => !inner.has(weight))
}

/** The layers directly inside a layer, each under its part of the path. */
function childrenOf(layer: Layer): [string, Layer][] {
  if (layer instanceof Model) return numbered("layers", layer.layers)
  const found: [string, Layer][] = []
  for (const [key, value] of Object.entries(layer)) {
    if (value instanceof Layer) found.push([toKerasKey(key), value])
    else if (Array.isArray(value)) found.push(...numbered(toKerasKey(key), value))
  }
  const named = new Set(found.map(([, child]) => child))
  // An activation that is a layer hangs below the property `activation`.
  const rest = layer.sublayers().filter(child => !named.has(child))
  return [...found, ...rest.map((child, i): [string, Layer] => [i === 0 ? "activation" : `activation_${i}`, child])]
}

function numbered(container: string, items: readonly unknown[]): [string, Layer][] {
  const counts = new Map<string, number>()
  return items.flatMap((child): [string, Layer][] => {
    if (!(child instanceof Layer)) return []
    const base = toSnakeCase(nameOfClass(child.constructor))
    const count = counts.get(base) ?? 0
    counts.set(base, count + 1)
    return [[`${container}/${count === 0 ? base : `${base}_${count}`}`, child]]
  })
}

/**
 * A layer's weights in the order of whole-model `.h5` files: all that are trainable, then the others. In a nested model
 * this differs from the order of `weights`.
 */
export function legacyWeights(layer: Layer): readonly Weight[] {
  return [...layer.trainableWeights, ...layer.nonTrainableWeights]
}
