import { classNameOf } from "./configurable.ts"
import type { Layer } from "./layer.ts"

/**
 * An id for every layer inside `root`, nested ones included, each once where it is first met: the path of explicit names,
 * or of ordinals among the layers of the same class beside it. It depends on the model alone, not on automatic names,
 * so it can be saved, and random numbers are drawn under it.
 */
export function layerIds(root: Layer): Map<Layer, string> {
  const ids = new Map<Layer, string>()
  walk(root, "", ids)
  return ids
}

function walk(parent: Layer, prefix: string, ids: Map<Layer, string>): void {
  const counts = new Map<string, number>()
  for (const layer of parent.sublayers()) {
    const className = classNameOf(layer)
    const count = counts.get(className) ?? 0
    if (layer.explicitName === null) counts.set(className, count + 1)
    if (ids.has(layer)) continue
    const id = `${prefix}${layer.explicitName ?? `${className}#${count}`}`
    ids.set(layer, id)
    walk(layer, `${id}/`, ids)
  }
}
