import { FormatError } from "@selvedge/core"
import { type CustomObjects, deferInitialisation, deserialize, Model } from "@selvedge/layers"
import { messageOf, type Refuse, show } from "../fail.ts"
import { isObject, type JsonObject } from "../json.ts"
import { checkConfig } from "./check.ts"

/**
 * The model that a stranger's configuration describes, without values for its weights: they come from the file, so no
 * random number is drawn.
 *
 * @param storedNumbers how many numbers the file stores: no weight can be larger.
 * @throws FormatError for Python code, sizes that the file contradicts, and whatever a layer refuses.
 */
export function modelFromConfig(
  config: JsonObject,
  storedNumbers: number,
  customObjects: CustomObjects | undefined,
  refuse: Refuse,
): Model {
  checkConfig(config, storedNumbers, customObjects ?? {}, refuse)
  try {
    return deferInitialisation(() => {
      const model: unknown = deserialize(config, customObjects)
      if (!(model instanceof Model)) throw refuse("class_name", "a model", show(config.class_name))
      if (!model.built) model.build(inputShape(config, refuse))
      return model
    })
  } catch (error) {
    if (error instanceof FormatError) throw error
    const [sentence = ""] = messageOf(error).split("\n")
    throw refuse("configuration", "a model that can be built", sentence, hintOf(error))
  }
}

function hintOf(error: unknown): string | undefined {
  return error instanceof Error && "details" in error && isHinted(error.details) ? error.details.hint : undefined
}

function isHinted(details: unknown): details is { hint: string } {
  return typeof details === "object" && details !== null && "hint" in details && typeof details.hint === "string"
}

/** Where Keras writes down the input's shape of a model that has no input layer. */
function inputShape(config: JsonObject, refuse: Refuse): (number | null)[] {
  const inner = isObject(config.config) ? config.config.build_input_shape : undefined
  const outer = isObject(config.build_config) ? config.build_config.input_shape : undefined
  const shape = inner ?? outer
  const fine =
    Array.isArray(shape) && shape.every(dim => dim === null || (Number.isSafeInteger(dim) && Number(dim) >= 0))
  if (!fine) throw refuse("configuration", "an input layer, or build_input_shape", show(shape))
  return shape as (number | null)[]
}
