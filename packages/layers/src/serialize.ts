import { type Serialized, serializeObject } from "./configurable.ts"
import type { Layer } from "./layer.ts"
import type { DataShapes } from "./shapes.ts"

/** A layer or model as Keras 3 writes it, with the shape that it was built for. */
export interface SerializedLayer extends Serialized {
  readonly build_config?: { readonly input_shape: DataShapes }
}

/**
 * `{ module, class_name, config, registered_name, build_config }`: what `deserialize` makes a layer or model from.
 * Weights are not in it.
 */
export function serialize(layer: Layer): SerializedLayer {
  const serialized = serializeObject(layer)
  return layer.builtShape === null ? serialized : { ...serialized, build_config: { input_shape: layer.builtShape } }
}
