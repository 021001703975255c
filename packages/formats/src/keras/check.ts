import type { CustomObjects } from "@selvedge/layers"
import { type Refuse, show } from "../fail.ts"
import { type JsonObject, objectsIn } from "../json.ts"

/** Options that are sizes of weights: none can be larger than all that the file stores. */
const SIZES = ["units", "filters", "input_dim", "output_dim", "num_heads", "key_dim", "value_dim"]

/** A model of more layers would take long to build, whatever the file's time limit. */
const MAX_LAYERS = 10_000

/** Names of Python code in a configuration. */
const CODE = new Set(["Lambda", "__lambda__", "TorchModuleWrapper", "TFSMLayer", "JaxLayer", "FlaxLayer", "TFOpLambda"])

/**
 * Looks through a model's configuration before anything is made of it: Python code is refused by name, and so are sizes
 * that the stored weights contradict, before memory is taken for them.
 *
 * @throws FormatError naming the layer.
 */
export function checkConfig(
  model: JsonObject,
  storedNumbers: number,
  customObjects: CustomObjects,
  refuse: Refuse,
): void {
  if (typeof model.class_name !== "string") throw refuse("configuration", "class_name", show(model.class_name))
  let count = 0
  for (const object of objectsIn(model)) {
    const { class_name: name, layers } = object
    if (Array.isArray(layers)) count += layers.length
    if (count > MAX_LAYERS) throw refuse("layers", `at most ${MAX_LAYERS} in all`, "more")
    if (typeof name === "string" && CODE.has(name) && !Object.hasOwn(customObjects, name))
      throw codeError(object, refuse)
    checkInput(object, refuse)
    for (const key of SIZES) {
      const value = Object.hasOwn(object, key) ? object[key] : undefined
      if (typeof value === "number" && value > Math.max(storedNumbers, 1)) {
        const place = `${key} of layer ${show(object.name)}`
        throw refuse(place, `at most the ${storedNumbers} numbers that the file stores`, String(value))
      }
    }
  }
}

/** Sizes that an input may have: larger ones would take memory as soon as layers are tried on zeros. */
const MAX_INPUT = 1 << 24

function checkInput(object: JsonObject, refuse: Refuse): void {
  for (const key of ["batch_shape", "batch_input_shape", "build_input_shape", "input_shape", "target_shape"]) {
    const shape = Object.hasOwn(object, key) ? object[key] : undefined
    if (!Array.isArray(shape)) continue
    const size = shape.reduce(
      (product: number, dim) => (typeof dim === "number" ? product * Math.max(dim, 1) : product),
      1,
    )
    if (size > MAX_INPUT)
      throw refuse(`${key} of layer ${show(object.name)}`, `at most ${MAX_INPUT} numbers`, show(shape))
  }
}

function codeError(object: JsonObject, refuse: Refuse): Error {
  const { config } = object
  const name = typeof config === "object" && config !== null && "name" in config ? config.name : undefined
  return refuse(
    `layer ${show(name ?? object.class_name)}`,
    "layers that are described by numbers and names",
    `a ${String(object.class_name)}, which holds Python code: it is never run`,
    "write it as a layer class of your own, save the model with that, and pass the class in customObjects",
  )
}
