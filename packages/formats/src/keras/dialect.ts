import { FormatError } from "@selvedge/core"
import { isObject, type Json, type JsonObject, objectsIn } from "../json.ts"

/** The version that files written here say they are of: the one whose layout they follow. */
export const KERAS_VERSION = "3.15.1"

/** Keys that Keras 2 does not know; every value that can stand there means "nothing special". */
const NEW_KEYS = new Set([
  "quantization_config",
  "input_axes",
  "output_axes",
  "autocast",
  "module",
  "registered_name",
  "build_config",
])

/** Keras 2 means another function by `hard_sigmoid`: clip(0.2 x + 0.5, 0, 1), which is Keras 3's of 1.2 x. */
const OLD_HARD_SIGMOID = { class_name: "hard_sigmoid", config: { scale: 1.2 } }

const isOldHardSigmoid = (value: Json | undefined) =>
  isObject(value) && value.class_name === "hard_sigmoid" && isObject(value.config) && value.config.scale !== undefined

/** A configuration that Keras 2 wrote: names that mean something else there are told apart. Changes it in place. */
export function fromKeras2(model: JsonObject): JsonObject {
  for (const object of objectsIn(model)) {
    if (object.activation === "hard_sigmoid") object.activation = OLD_HARD_SIGMOID
  }
  return model
}

/** @throws FormatError for a function that only Keras 2 has. */
export function checkKeras3(model: JsonObject): void {
  for (const { name, activation } of objectsIn(model)) {
    if (isOldHardSigmoid(activation)) throw hardSigmoidError(name, "pass { keras: 2 } and a name that ends in .h5")
  }
}

function hardSigmoidError(name: Json | undefined, hint: string): FormatError {
  return new FormatError(`layer ${JSON.stringify(name)}: Keras 2 and 3 mean different functions by hard_sigmoid`, {
    hint,
  })
}

/**
 * A model's configuration in the words of Keras 2 (2.13 to tf_keras): plain class names, `batch_input_shape`, `alpha`,
 * types as texts, applications as `[[name, node, tensor, {}]]`.
 */
export function toKeras2(model: JsonObject): JsonObject {
  const { class_name, config } = model
  return { class_name: class_name ?? null, config: isObject(config) ? convertConfig(String(class_name), config) : {} }
}

function convertConfig(className: string, given: JsonObject): JsonObject {
  const config = countOwnUse(given)
  const out: JsonObject = {}
  for (const [key, value] of Object.entries(config)) {
    if (key === "activation" && value === "hard_sigmoid") throw hardSigmoidError(config.name, "leave out { keras: 2 }")
    if (!NEW_KEYS.has(key) && !(className.startsWith("Random") && key === "data_format"))
      out[renamed(className, key)] = convert(key, value)
  }
  const { output_layers } = out
  if (Array.isArray(output_layers) && typeof output_layers[0] === "string") out.output_layers = [output_layers]
  const { input_layers } = out
  if (Array.isArray(input_layers) && typeof input_layers[0] === "string") out.input_layers = [input_layers]
  return out
}

/** Keras 2 counts a use that a model inside makes of itself: uses by the model around it begin at 1. */
function countOwnUse(config: JsonObject): JsonObject {
  const layers = Array.isArray(config.layers) ? config.layers.filter(isObject) : []
  const models = new Set(
    layers.flatMap(({ name, config: inner }) => (isObject(inner) && "layers" in inner ? [name] : [])),
  )
  const shifted = (value: Json): Json => {
    if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, shifted(item)]))
    if (!Array.isArray(value)) return value
    const [name, node] = value
    const isUse = value.length === 3 && typeof name === "string" && typeof node === "number" && models.has(name)
    return isUse ? [name, node + 1, ...value.slice(2)] : value.map(shifted)
  }
  if (models.size === 0) return config
  const nodes = (layer: Json) =>
    isObject(layer) ? { ...layer, inbound_nodes: shifted(layer.inbound_nodes ?? []) } : layer
  return {
    ...config,
    layers: Array.isArray(config.layers) ? config.layers.map(nodes) : [],
    ...(config.output_layers === undefined ? {} : { output_layers: shifted(config.output_layers) }),
  }
}

function renamed(className: string, key: string): string {
  if (className === "InputLayer" && key === "batch_shape") return "batch_input_shape"
  return className === "LeakyReLU" && key === "negative_slope" ? "alpha" : key
}

function convert(key: string, value: Json): Json {
  if (key === "layers" && Array.isArray(value))
    return value.map(layer => (isObject(layer) ? convertLayer(layer) : layer))
  if (Array.isArray(value)) return value.map(item => convert("", item))
  if (isOldHardSigmoid(value)) return "hard_sigmoid"
  if (!isObject(value) || typeof value.class_name !== "string") return value
  // A type policy of Keras 3 is its name in Keras 2.
  if (key === "dtype" && isObject(value.config)) return value.config.name ?? "float32"
  if (value.class_name === "function") return value.config ?? null
  return {
    class_name: value.class_name,
    config: isObject(value.config) ? convertConfig(value.class_name, value.config) : {},
  }
}

function convertLayer(layer: JsonObject): JsonObject {
  const out = toKeras2(layer)
  if (layer.name !== undefined) out.name = layer.name
  if (Array.isArray(layer.inbound_nodes)) out.inbound_nodes = layer.inbound_nodes.map(convertNode)
  return out
}

/** `{ args: [tensor or list of tensors], kwargs }` as `[[name, node, tensor, kwargs], ...]`. */
function convertNode(node: Json): Json {
  if (!isObject(node)) return node
  const tensors: Json[] = []
  const visit = (value: Json): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (isObject(value) && isObject(value.config) && Array.isArray(value.config.keras_history)) {
      tensors.push([...value.config.keras_history, isObject(node.kwargs) ? node.kwargs : {}])
    }
  }
  visit(node.args ?? [])
  return tensors
}
