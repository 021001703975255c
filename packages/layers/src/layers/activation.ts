import type { Tensor } from "@selvedge/core"
import { type ActivationFunction, type ActivationLike, getActivation } from "../activations.ts"
import type { Layer, LayerOptions } from "../layer.ts"
import type { DataShapes } from "../shapes.ts"
import { Elementwise } from "./elementwise.ts"

/**
 * An activation as a layer: `new Activation("selu")`.                                     [...] -> [...]
 * [Keras](https://keras.io/api/layers/core_layers/activation/)
 */
export class Activation extends Elementwise {
  static override readonly className: string = "Activation"
  static override readonly positional: readonly string[] = ["activation"]
  readonly activation: ActivationFunction

  /** @throws OptionError for an unknown activation, naming the nearest, or an unknown option. */
  constructor(activation: ActivationLike, options: LayerOptions = {}) {
    super(options)
    this.activation = getActivation(activation)
  }

  /** Builds the layer that computes it, if it is one. */
  override build(inputShape: DataShapes): void {
    super.build(inputShape)
    this.activation.layer?.ensureBuilt(inputShape)
  }

  override call(x: Tensor): Tensor {
    return this.activation.call(x)
  }

  override sublayers(): Layer[] {
    return this.activation.layer ? [this.activation.layer] : []
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), activation: this.activation }
  }
}
