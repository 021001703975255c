import type { Tensor } from "@selvedge/core"
import { type CallOptions, Layer } from "../layer.ts"
import type { DataShapes } from "../shapes.ts"

/** Base of layers with one input whose output has its shape. */
export abstract class Elementwise extends Layer {
  abstract override call(x: Tensor, options?: CallOptions): Tensor

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    return inputShape
  }
}
