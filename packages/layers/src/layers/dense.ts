import { checkBoolean, checkNumber, linear, type Tensor } from "@selvedge/core"
import { type ActivationFunction, type ActivationLike, getActivation } from "../activations.ts"
import type { ConstraintLike } from "../constraints/index.ts"
import type { InitializerLike } from "../initializers/index.ts"
import { Layer, type LayerOptions } from "../layer.ts"
import type { RegularizerLike } from "../regularizers/index.ts"
import { WeightRule } from "../rule.ts"
import { type DataShapes, knownSize, singleShape } from "../shapes.ts"

/** Options of layers with a kernel and a bias. */
export interface KernelOptions extends LayerOptions {
  /** Default linear. */
  readonly activation?: ActivationLike
  /** Default true. */
  readonly useBias?: boolean
  /** Default `"glorot_uniform"`. */
  readonly kernelInitializer?: InitializerLike
  /** Default `"zeros"`. */
  readonly biasInitializer?: InitializerLike
  readonly kernelRegularizer?: RegularizerLike
  readonly biasRegularizer?: RegularizerLike
  readonly kernelConstraint?: ConstraintLike
  readonly biasConstraint?: ConstraintLike
}

/** Names of `KernelOptions`. */
export const kernelKeys: readonly string[] = [
  "activation",
  "useBias",
  "kernelInitializer",
  "biasInitializer",
  "kernelRegularizer",
  "biasRegularizer",
  "kernelConstraint",
  "biasConstraint",
]

/** Base of layers with a kernel and a bias. */
export abstract class KernelLayer extends Layer {
  readonly activation: ActivationFunction
  readonly useBias: boolean
  protected readonly kernelRule: WeightRule
  protected readonly biasRule: WeightRule

  constructor(owner: string, options: KernelOptions, keys: readonly string[] = []) {
    super(options, [...keys, ...kernelKeys])
    const { kernelInitializer = "glorot_uniform", biasInitializer = "zeros" } = options
    this.activation = getActivation(options.activation)
    this.useBias = checkBoolean(owner, "useBias", options.useBias ?? true)
    const { kernelRegularizer, kernelConstraint, biasRegularizer, biasConstraint } = options
    this.kernelRule = new WeightRule("kernel", kernelInitializer, kernelRegularizer, kernelConstraint)
    this.biasRule = new WeightRule("bias", biasInitializer, biasRegularizer, biasConstraint)
  }

  /** An activation that is a layer is built with it: its weights are weights of this layer. */
  override build(inputShape: DataShapes): void {
    super.build(inputShape)
    this.activation.layer?.ensureBuilt(this.computeOutputShape(inputShape))
  }

  override sublayers(): Layer[] {
    return this.activation.layer ? [this.activation.layer] : []
  }

  override options(): Record<string, unknown> {
    const { activation, useBias } = this
    return { ...super.options(), activation, useBias, ...this.kernelRule.options(), ...this.biasRule.options() }
  }
}

/**
 * A fully connected layer along the last axis.                                  [..., k] -> [..., units]
 *
 *   y = activation(x kernel + bias),  kernel [k, units], bias [units]
 *
 * [Keras](https://keras.io/api/layers/core_layers/dense/)
 */
export class Dense extends KernelLayer {
  static override readonly className: string = "Dense"
  static override readonly positional: readonly string[] = ["units"]
  readonly units: number
  protected override readonly inputRank = { min: 2 }

  /** @throws OptionError for an unknown option, naming the nearest, or units that are not a positive integer. */
  constructor(units: number, options: KernelOptions = {}) {
    super("Dense", options)
    this.units = checkNumber("Dense", "units", units, { min: 1, integer: true })
  }

  /** Makes the kernel and the bias. @throws ShapeError when the last dimension is not known. */
  override build(inputShape: DataShapes): void {
    const features = knownSize(this.name, singleShape(this.name, inputShape), -1)
    this.addWeight({ ...this.kernelRule, shape: [features, this.units] })
    if (this.useBias) this.addWeight({ ...this.biasRule, shape: [this.units] })
    super.build(inputShape)
  }

  override call(x: Tensor): Tensor {
    return this.activation.call(linear(x, this.weight("kernel"), this.findWeight("bias")))
  }

  override computeOutputShape(inputShape: DataShapes): DataShapes {
    return [...singleShape(this.name, inputShape).slice(0, -1), this.units]
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), units: this.units }
  }
}
