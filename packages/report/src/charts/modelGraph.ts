import { OptionError } from "@selvedge/core"
import {
  classNameOf,
  type DataShape,
  type DataShapes,
  type Layer,
  Model,
  Sequential,
  type Symbolic,
} from "@selvedge/layers"
import type { GraphNode, ModelGraph } from "./plotModel.ts"

/**
 * The graph of a model: a node for each time that a layer is applied, so that a shared layer stands wherever data pass it,
 * and no loop can arise. With `expandNested` the layers of models inside stand in their place. A model that computes in
 * a `call` of its own is one node: only running it would tell what it does.
 */
export function modelGraph(model: Model, expandNested: boolean): ModelGraph {
  const builder = new Builder(expandNested)
  if (isOpen(model)) builder.addModel(model, "", [])
  else builder.addLayer(model, "", [], outputShape(model, model.builtShape))
  if (builder.nodes.length === 0) throw new OptionError(`plotModel: "${model.name}" has no layers to draw`)
  return builder
}

class Builder implements ModelGraph {
  readonly nodes: GraphNode[] = []
  readonly edges: [string, string][] = []
  readonly #times = new Map<Layer, number>()
  readonly #expand: boolean

  constructor(expand: boolean) {
    this.#expand = expand
  }

  /** Adds a model's layers, fed by the nodes `from`; gives the nodes of its outputs. */
  addModel(model: Model, prefix: string, from: readonly string[]): string[] {
    if (model instanceof Sequential) return this.#addChain(model, prefix, from)
    // Inside of another model the inputs are what feeds it.
    const ids = new Map<Symbolic, string>(model.inputs.flatMap((input, i) => (from[i] ? [[input, from[i]]] : [])))
    for (const node of model.nodes ?? []) {
      if (node.outputs.every(y => ids.has(y))) continue
      const sources = node.inputs.flatMap(x => ids.get(x) ?? [])
      const [shape = null, ...others] = node.outputs.map(y => y.shape)
      const found = this.#add(node.layer, prefix, sources, shape && others.length > 0 ? [shape, ...others] : shape)
      node.outputs.forEach((y, i) => {
        ids.set(y, found[i] ?? found[0]!)
      })
    }
    return model.outputs.flatMap(y => ids.get(y) ?? [])
  }

  #addChain(model: Sequential, prefix: string, from: readonly string[]): string[] {
    const { inputLayer } = model
    let shape: DataShapes | null = inputLayer?.batchShape ?? null
    let ids = inputLayer && from.length === 0 ? this.addLayer(inputLayer, prefix, [], shape) : [...from]
    for (const layer of model.layers) {
      shape = outputShape(layer, shape)
      ids = this.#add(layer, prefix, ids, shape)
    }
    return ids
  }

  #add(layer: Layer, prefix: string, from: readonly string[], shape: DataShapes | null): string[] {
    if (this.#expand && layer instanceof Model && isOpen(layer))
      return this.addModel(layer, `${prefix}${layer.name}/`, from)
    return this.addLayer(layer, prefix, from, shape)
  }

  addLayer(layer: Layer, prefix: string, from: readonly string[], shape: DataShapes | null): string[] {
    const times = (this.#times.get(layer) ?? 0) + 1
    this.#times.set(layer, times)
    const name = prefix + layer.name
    const id = times === 1 ? name : `${name} #${times}`
    const className = classNameOf(layer) + (times === 1 || layer.weights.length === 0 ? "" : ", the same weights")
    const params = layer.built && times === 1 ? { params: layer.countParams() } : {}
    const trainable = layer.trainable || layer.weights.length === 0
    this.nodes.push({ id, name, className, ...(shape ? { outputShape: shape } : {}), ...params, trainable })
    for (const source of new Set(from)) this.edges.push([source, id])
    return [id]
  }
}

const isOpen = (model: Model) => model.nodes !== null || model instanceof Sequential

/** Null where it cannot be known without data. */
function outputShape(layer: Layer, inputShape: DataShapes | null): DataShape | readonly DataShape[] | null {
  return inputShape && layer.built ? layer.computeOutputShape(inputShape) : null
}
