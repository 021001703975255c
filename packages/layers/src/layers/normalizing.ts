import { checkBoolean, checkNumber } from "@selvedge/core"
import type { ConstraintLike } from "../constraints/index.ts"
import type { InitializerLike } from "../initializers/index.ts"
import type { LayerOptions } from "../layer.ts"
import type { RegularizerLike } from "../regularizers/index.ts"
import { WeightRule } from "../rule.ts"
import { Elementwise } from "./elementwise.ts"

/** Options that batch and layer normalisation share. */
export interface NormalizingOptions extends LayerOptions {
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number
  /** Whether to add beta. Default true. */
  readonly center?: boolean
  /** Whether to multiply by gamma. Default true. */
  readonly scale?: boolean
  /** Default `"zeros"`. */
  readonly betaInitializer?: InitializerLike
  /** Default `"ones"`. */
  readonly gammaInitializer?: InitializerLike
  readonly betaRegularizer?: RegularizerLike
  readonly gammaRegularizer?: RegularizerLike
  readonly betaConstraint?: ConstraintLike
  readonly gammaConstraint?: ConstraintLike
}

const keys = [
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "betaRegularizer",
  "gammaRegularizer",
  "betaConstraint",
  "gammaConstraint",
]

/** Base of layers that normalise, then scale by gamma and shift by beta. */
export abstract class Normalizing extends Elementwise {
  readonly epsilon: number
  readonly center: boolean
  readonly scale: boolean
  protected readonly gammaRule: WeightRule
  protected readonly betaRule: WeightRule

  constructor(owner: string, options: NormalizingOptions, ownKeys: readonly string[]) {
    super(options, [...ownKeys, ...keys])
    const {
      epsilon = 1e-3,
      center = true,
      scale = true,
      betaInitializer = "zeros",
      gammaInitializer = "ones",
    } = options
    this.epsilon = checkNumber(owner, "epsilon", epsilon, { min: 0 })
    this.center = checkBoolean(owner, "center", center)
    this.scale = checkBoolean(owner, "scale", scale)
    this.gammaRule = new WeightRule("gamma", gammaInitializer, options.gammaRegularizer, options.gammaConstraint)
    this.betaRule = new WeightRule("beta", betaInitializer, options.betaRegularizer, options.betaConstraint)
  }

  /** Makes gamma and beta, whichever are wanted. */
  protected addScaleAndShift(shape: readonly number[]): void {
    if (this.scale) this.addWeight({ ...this.gammaRule, shape })
    if (this.center) this.addWeight({ ...this.betaRule, shape })
  }

  override options(): Record<string, unknown> {
    const { epsilon, center, scale } = this
    return { ...super.options(), epsilon, center, scale, ...this.betaRule.options(), ...this.gammaRule.options() }
  }
}
