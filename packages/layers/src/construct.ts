import { OptionError } from "@selvedge/core"
import { type Config, optionsFromConfig } from "./config.ts"
import { nameOfClass } from "./configurable.ts"
import { Layer, type MakeLayer } from "./layer.ts"

/** A class of layers, and how it may say that its config is not simply its constructor's options. */
export interface LayerClass {
  readonly name: string
  readonly className?: unknown
  /** Names of the constructor's leading arguments. */
  readonly positional?: readonly string[]
  /** Makes a layer of `ofClass`, this class or one derived from it; `make` makes the layers inside. */
  readonly fromConfig?: (config: Config, make: MakeLayer, ofClass: LayerClass) => Layer
}

/** True for a class derived from `Layer`. */
export function isLayerClass(value: unknown): value is LayerClass {
  return typeof value === "function" && value.prototype instanceof Layer
}

/** `new ofClass(...arguments)`. @throws OptionError unless it gives a layer. */
export function newLayer(ofClass: LayerClass, args: readonly unknown[]): Layer {
  const made: unknown = isLayerClass(ofClass) ? Reflect.construct(ofClass as never, args) : null
  if (made instanceof Layer) return made
  throw new OptionError(`${nameOfClass(ofClass)}: is not a class of layers`)
}

/** The layer of a class that a config describes. @throws OptionError for a bad config. */
export function layerFromConfig(ofClass: LayerClass, config: Config, make: MakeLayer): Layer {
  if (ofClass.fromConfig) return ofClass.fromConfig(config, make, ofClass)
  const { className, positional = [] } = ofClass
  const options = optionsFromConfig(typeof className === "string" ? className : ofClass.name, config)
  const leading = positional.map(key => options[key])
  const rest = Object.entries(options).filter(([key]) => !positional.includes(key))
  return newLayer(ofClass, [...leading, Object.fromEntries(rest)])
}
