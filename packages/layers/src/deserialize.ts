import { describe, OptionError } from "@selvedge/core"
import { isActivationConfig } from "./activations.ts"
import {
  type Config,
  type CustomObjects,
  configOf,
  findCustomObject,
  isObjectConfig,
  isRecord,
  type ObjectConfig,
  withCustomObjects,
} from "./config.ts"
import { unknownName } from "./configurable.ts"
import { isLayerClass, type LayerClass, layerFromConfig } from "./construct.ts"
import type { Layer } from "./layer.ts"
import { layerClasses } from "./layerClasses.ts"
import { checkDims, type DataShapes } from "./shapes.ts"

/**
 * The layer or model that `{ class_name, config }` describes, as Keras 3 or Keras 2 writes it. One with a `build_config`
 * is built for that shape. Classes and functions of your own are found in `customObjects` by their names.
 * @throws OptionError for an unknown class, naming the nearest, and for settings that are unknown or not supported.
 */
export function deserialize(config: unknown, customObjects: CustomObjects = {}): Layer {
  return withCustomObjects(customObjects, () => {
    const layer = makeOutermost(config)
    const shape = isRecord(config) && isRecord(config.build_config) ? config.build_config.input_shape : null
    if (!layer.built && isBuildShape(shape)) layer.ensureBuilt(shape)
    return layer
  })
}

/** @throws OptionError also for models inside models without end. */
function makeOutermost(config: unknown): Layer {
  try {
    return makeLayer(config)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new OptionError("deserialize: the config is nested too deeply", { cause })
  }
}

/** `deserialize` for a layer inside a model, which builds it. */
export function makeLayer(config: unknown): Layer {
  if (!isObjectConfig(config)) {
    throw new OptionError(`deserialize: expected { class_name, config }, got ${describe(config)}`)
  }
  const { class_name, registered_name } = config
  const ofClass = findClass(class_name, registered_name)
  const layer = fromConfig(ofClass, configOf(config))
  // A model's own flag reaches the layers inside it only when it is set.
  if (!layer.trainable) layer.trainable = false
  return layer
}

/** The layer of a class that a config describes, with a layer inside its `activation` made first. */
export function fromConfig(ofClass: LayerClass, config: Config): Layer {
  const { activation } = config
  const inner = isObjectConfig(activation) && needsMaking(activation) ? { activation: makeLayer(activation) } : {}
  return layerFromConfig(ofClass, { ...config, ...inner }, makeLayer)
}

function needsMaking(activation: ObjectConfig): boolean {
  const custom = findCustomObject(activation.registered_name, activation.class_name)
  return custom === undefined ? !isActivationConfig(activation) : isLayerClass(custom)
}

function findClass(name: string, registered: string | null | undefined): LayerClass {
  const custom = findCustomObject(registered, name)
  if (isLayerClass(custom)) return custom
  if (custom !== undefined) {
    throw new OptionError(`customObjects: "${name}" is ${describe(custom)}, not a class of layers`)
  }
  const known = Object.entries(layerClasses).find(([key]) => key === name)
  if (known) return known[1]
  if (name === "Lambda") {
    throw new OptionError("layer class Lambda is not read: it holds Python code", {
      hint: 'write its function as a layer of your own and pass customObjects: { "Lambda": ThatLayer }',
    })
  }
  throw unknownName("layer class", name, Object.keys(layerClasses))
}

function isBuildShape(shape: unknown): shape is DataShapes {
  if (!Array.isArray(shape)) return false
  const list = Array.isArray(shape[0]) ? shape : [shape]
  for (const one of list) checkDims("deserialize", "build_config", one, true)
  return true
}
