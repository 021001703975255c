import { isObject, type Json, type JsonObject } from "../json.ts"

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

/**
 * A model's configuration in the words of Keras 2 (2.13 to tf_keras): plain class names, `batch_input_shape`, `alpha`,
 * types as texts, applications as `[[name, node, tensor, {}]]`.
 */
export function toKeras2(model: JsonObject): JsonObject {
  const { class_name, config } = model
  return { class_name: class_name ?? null, config: isObject(config) ? convertConfig(String(class_name), config) : {} }
}

/** An optimizer's configuration in the words of tf_keras, whose present optimizers are called `Custom>Adam`. */
export function optimizerToKeras2(optimizer: Json): Json {
  if (!isObject(optimizer) || !isObject(optimizer.config)) return optimizer
  const { loss_scale_factor: _, gradient_accumulation_steps: __, ...config } = optimizer.config
  const rate = config.learning_rate ?? null
  const learning_rate = isObject(rate) ? { class_name: rate.class_name ?? null, config: rate.config ?? {} } : rate
  return {
    class_name: `Custom>${String(optimizer.class_name)}`,
    config: { ...config, learning_rate, jit_compile: false, is_legacy_optimizer: false },
  }
}

function convertConfig(className: string, config: JsonObject): JsonObject {
  const out: JsonObject = {}
  for (const [key, value] of Object.entries(config)) {
    if (!NEW_KEYS.has(key)) out[renamed(className, key)] = convert(key, value)
  }
  const { output_layers } = out
  if (Array.isArray(output_layers) && typeof output_layers[0] === "string") out.output_layers = [output_layers]
  const { input_layers } = out
  if (Array.isArray(input_layers) && typeof input_layers[0] === "string") out.input_layers = [input_layers]
  return out
}

function renamed(className: string, key: string): string {
  if (className === "InputLayer" && key === "batch_shape") return "batch_input_shape"
  return className === "LeakyReLU" && key === "negative_slope" ? "alpha" : key
}

function convert(key: string, value: Json): Json {
  if (key === "layers" && Array.isArray(value))
    return value.map(layer => (isObject(layer) ? convertLayer(layer) : layer))
  if (Array.isArray(value)) return value.map(item => convert("", item))
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
