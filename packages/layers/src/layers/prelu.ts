import { describe, OptionError, prelu, type Tensor } from "@selvedge/core"
import type { ConstraintLike } from "../constraints/index.ts"
import type { InitializerLike } from "../initializers/index.ts"
import type { LayerOptions } from "../layer.ts"
import type { RegularizerLike } from "../regularizers/index.ts"
import { WeightRule } from "../rule.ts"
import { type DataShapes, knownSize, namedAxes, singleShape } from "../shapes.ts"
import { Elementwise } from "./elementwise.ts"

/** Options of `PReLU`. */
export interface PReLUOptions extends LayerOptions {
  /** Default `"zeros"`. */
  readonly alphaInitializer?: InitializerLike
  readonly alphaRegularizer?: RegularizerLike
  readonly alphaConstraint?: ConstraintLike
  /** Axes along which one slope serves all: [1, 2] for one slope per channel of an image. The batch is axis 0. */
  readonly sharedAxes?: number | readonly number[] | null
}

/**
 * Parametric rectified linear unit: y = x where x > 0, alpha x elsewhere, with alpha learned. [b, ...] -> [b, ...]
 *
 * alpha has the shape of a sample, 1 on shared axes. [Keras](https://keras.io/api/layers/activation_layers/prelu/);
 * He et al., 2015.
 */
export class PReLU extends Elementwise {
  static override readonly className: string = "PReLU"
  readonly sharedAxes: readonly number[] | null
  protected override readonly inputRank = { min: 1 }
  readonly #rule: WeightRule

  /** @throws OptionError for an unknown option or a shared axis that is not a positive integer. */
  constructor(options: PReLUOptions = {}) {
    super(options, ["alphaInitializer", "alphaRegularizer", "alphaConstraint", "sharedAxes"])
    const { alphaInitializer = "zeros", alphaRegularizer, alphaConstraint, sharedAxes = null } = options
    this.#rule = new WeightRule("alpha", alphaInitializer, alphaRegularizer, alphaConstraint)
    this.sharedAxes = sharedAxes === null ? null : checkSharedAxes(sharedAxes)
  }

  override build(inputShape: DataShapes): void {
    const shape = singleShape(this.name, inputShape)
    if (this.sharedAxes) namedAxes(this.name, this.sharedAxes, shape)
    const sample = shape.slice(1).map((_, i) => {
      return this.sharedAxes?.includes(i + 1) ? 1 : knownSize(this.name, shape, i + 1)
    })
    this.addWeight({ ...this.#rule, shape: sample })
    super.build(inputShape)
  }

  override call(x: Tensor): Tensor {
    return prelu(x, this.weight("alpha"))
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), ...this.#rule.options(), sharedAxes: this.sharedAxes }
  }
}

function checkSharedAxes(value: unknown): readonly number[] {
  const axes: unknown[] = Array.isArray(value) ? value : [value]
  return axes.map(axis => {
    if (typeof axis === "number" && Number.isInteger(axis) && axis > 0) return axis
    throw new OptionError(`PReLU: sharedAxes must be integers from 1 on, got ${describe(axis)}`, {
      rule: "axis 0 is the batch, along which slopes are always shared",
    })
  })
}
