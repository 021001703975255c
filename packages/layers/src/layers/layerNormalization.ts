import { layerNorm, type Tensor } from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { checkAxes } from "../constraints/constraint.ts"
import type { LayerOptions } from "../layer.ts"
import { normalize } from "../normalize.ts"
import { type DataShapes, knownSize, namedAxes, singleShape } from "../shapes.ts"
import { Elementwise } from "./elementwise.ts"
import { Normalizing, type NormalizingOptions } from "./normalizing.ts"

/** Options of `LayerNormalization`. */
export interface LayerNormalizationOptions extends NormalizingOptions {
  /** The axis or axes over which each sample is normalised. Default the last. */
  readonly axis?: number | readonly number[]
}

/**
 * Layer normalisation: every sample to mean beta and deviation gamma over its own features. [...] -> [...]
 *
 *   y = gamma (x - mean) / sqrt(variance + epsilon) + beta, variance biased
 *
 * gamma and beta have the shape of the normalised axes.
 * [Keras](https://keras.io/api/layers/normalization_layers/layer_normalization/); Ba et al., 2016.
 */
export class LayerNormalization extends Normalizing {
  static override readonly className: string = "LayerNormalization"
  readonly axis: number | readonly number[]
  protected override readonly inputRank = { min: 2 }

  /** @throws OptionError for an unknown option, naming the nearest, or a bad value. */
  constructor(options: LayerNormalizationOptions = {}) {
    super("LayerNormalization", options, ["axis"])
    this.axis = checkAxes("LayerNormalization", options.axis ?? -1)
  }

  /** @throws ShapeError when a normalised axis has no known size. */
  override build(inputShape: DataShapes): void {
    const shape = singleShape(this.name, inputShape)
    const axes = namedAxes(this.name, [this.axis].flat(), shape)
    this.addScaleAndShift(axes.map(axis => knownSize(this.name, shape, axis)))
    super.build(inputShape)
  }

  override call(x: Tensor): Tensor {
    const { axis, epsilon } = this
    return layerNorm(x, this.findWeight("gamma"), this.findWeight("beta"), { axis, epsilon })
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), axis: [this.axis].flat() }
  }
}

/** Options of `UnitNormalization`. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** Default the last. */
  readonly axis?: number | readonly number[]
}

/**
 * Every vector along an axis to length 1: y = x / |x|.                                    [...] -> [...]
 * [Keras](https://keras.io/api/layers/normalization_layers/unit_normalization/)
 */
export class UnitNormalization extends Elementwise {
  static override readonly className: string = "UnitNormalization"
  readonly axis: number | readonly number[]

  /** @throws OptionError for an unknown option or an axis that is not an integer. */
  constructor(options: UnitNormalizationOptions = {}) {
    super(options, ["axis"])
    this.axis = checkAxes(nameOfClass(new.target), options.axis ?? -1)
  }

  override call(x: Tensor): Tensor {
    return normalize(x, this.axis, 1e-12)
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), axis: this.axis }
  }
}
