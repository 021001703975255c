import { checkKeys, describe, OptionError, SelvedgeError } from "@selvedge/core"
import { ActivationFunction } from "../activations.ts"
import { Configurable } from "../configurable.ts"
import { type LayerClass, newLayer } from "../construct.ts"
import { fromConfig } from "../deserialize.ts"
import { SymbolicTensor } from "../graph.ts"
import { Layer, type Symbolic } from "../layer.ts"
import { InputLayer, outputOfInput } from "../layers/input.ts"
import type { End } from "./graph.ts"
import { Model, type ModelOptions } from "./model.ts"
import { Sequential } from "./sequential.ts"

/** What `cloneModel` may be told. */
export interface CloneOptions {
  /** Whether to copy the weights' values, too; else the clone begins with first values of its own. Default false. */
  readonly weights?: boolean
  /** Seed of the clone's own first values. Default the model's. */
  readonly seed?: number | null
}

/**
 * A model with layers like this one's, none of them shared with it: names, options, what is frozen and learning-rate
 * multipliers are the same. Keras's `clone_model` is the form without weights.
 * [Keras](https://keras.io/api/models/model_saving_apis/#clonemodel-function)
 * @throws OptionError for a model that cannot be made again from its own options.
 */
export function cloneModel<M extends Model>(model: M, options: CloneOptions = {}): M {
  checkKeys("cloneModel", options, ["weights", "seed"])
  if (!(model instanceof Model)) throw new OptionError(`cloneModel: expects a model, got ${describe(model)}`)
  const { weights = false, seed = model.seed ?? null } = options
  const clone = cloneLayer(model, new Map(), seed)
  if (!isLike(clone, model)) throw new OptionError(`cloneModel: ${model.name} cannot be made again from its options`)
  if (model.built && model.builtShape) clone.ensureBuilt(model.builtShape)
  const copies = clone.weights
  for (const [i, weight] of model.weights.entries()) {
    const copy = copies[i]
    if (copy) [copy.trainable, copy.learningRateMultiplier] = [weight.trainable, weight.learningRateMultiplier]
  }
  if (weights) clone.setWeights(model.getWeights())
  return clone
}

function isLike<M extends Model>(clone: Layer, model: M): clone is M {
  return clone.constructor === model.constructor
}

/** A layer like this one; each is cloned once, wherever it is met again. */
function cloneLayer(layer: Layer, clones: Map<Layer, Layer>, seed: number | null): Layer {
  const known = clones.get(layer)
  if (known) return known
  const clone = newClone(layer, clones, seed)
  clone.learningRateMultiplier = layer.learningRateMultiplier
  clones.set(layer, clone)
  return clone
}

function newClone(layer: Layer, clones: Map<Layer, Layer>, seed: number | null): Layer {
  const { constructor: ofClass, name, trainable } = layer
  const options: ModelOptions = { name, trainable, seed }
  if (layer instanceof Sequential && ofClass === Sequential) {
    const { inputLayer } = layer
    const all = inputLayer ? [inputLayer, ...layer.layers] : layer.layers
    return new Sequential(
      all.map(inner => cloneLayer(inner, clones, inner instanceof Model ? (inner.seed ?? null) : null)),
      options,
    )
  }
  if (layer instanceof Model && layer.nodes) return newLayer(ofClass, [{ ...options, ...cloneGraph(layer, clones) }])
  if (overridesConfig(layer)) return fromConfig(ofClass, layer.getConfig())
  return fromOptions(ofClass, layer, clones)
}

/** Whether its class says by `getConfig`, as in Keras, what it is made from. */
function overridesConfig(layer: Layer): boolean {
  return layer.getConfig !== Configurable.prototype.getConfig && !(layer instanceof Model)
}

function fromOptions(ofClass: LayerClass, layer: Layer, clones: Map<Layer, Layer>): Layer {
  const { positional = [] } = ofClass
  const options = Object.fromEntries(
    Object.entries(layer.options()).map(([key, value]) => {
      const inner = value instanceof ActivationFunction ? value.layer : value instanceof Layer ? value : null
      return [key, inner ? cloneLayer(inner, clones, null) : value]
    }),
  )
  const rest = Object.entries(options).filter(([key]) => !positional.includes(key))
  try {
    return newLayer(ofClass, [...positional.map(key => options[key]), Object.fromEntries(rest)])
  } catch (cause) {
    const why = cause instanceof SelvedgeError ? cause.sentence : String(cause)
    throw new OptionError(`cloneModel: ${layer.name} cannot be made again from its options: ${why}`, {
      hint: `let the constructor of ${ofClass.name} take what options() gives, or state its leading arguments in static positional`,
      cause,
    })
  }
}

/** Applies clones of the layers in the order of the original's applications. */
function cloneGraph(model: Model, clones: Map<Layer, Layer>): { inputs: unknown; outputs: unknown } {
  const copies = new Map<Symbolic, Symbolic>()
  const copyOf = (x: Symbolic) => copies.get(x) ?? x
  for (const x of model.inputs) {
    const { layer } = x.node
    const inner =
      layer instanceof InputLayer ? cloneLayer(layer, clones, null) : new InputLayer({ batchShape: x.shape })
    if (inner instanceof InputLayer) copies.set(x, outputOfInput(inner))
  }
  for (const node of model.nodes ?? []) {
    if (node.layer instanceof InputLayer) continue
    const layer = cloneLayer(node.layer, clones, node.layer instanceof Model ? (node.layer.seed ?? null) : null)
    const inputs = node.inputs.map(copyOf)
    const [first] = inputs
    const { training } = node
    const outputs = layer.applyAll(node.list || !first ? inputs : first, training === null ? {} : { training })
    for (const [i, y] of node.outputs.entries()) {
      const copy = outputs[i]
      if (copy) copies.set(y, copy)
    }
  }
  const { inputs, outputs } = model.ends ?? { inputs: [], outputs: [] }
  const ends = (xs: End): End => {
    if (xs instanceof SymbolicTensor) return copyOf(xs)
    if (Array.isArray(xs)) return xs.map(copyOf)
    return Object.fromEntries(Object.entries(xs).map(([key, x]) => [key, copyOf(x)]))
  }
  return { inputs: ends(inputs), outputs: ends(outputs) }
}
