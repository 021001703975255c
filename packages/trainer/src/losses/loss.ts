import { checkChoice, isTensor, type Tensor, type TensorLike, tensor } from "@selvedge/core"
import { toSnakeCase } from "@selvedge/layers"
import { type Config, complete, type Options, toConfig } from "../config.ts"
import { type Reduction, reduceLoss, reductions } from "./reduce.ts"
import { matched } from "./rowwise.ts"

/** What every loss can be told. */
export interface LossOptions {
  reduction: Reduction
  name: string | null
}

/** Keras's defaults. */
export const lossDefaults: LossOptions = { reduction: "sum_over_batch_size", name: null }

/** A tensor, or anything one can be made from. */
export type Values = Tensor | TensorLike

export const asTensor = (values: Values): Tensor => (isTensor(values) ? values : tensor(values))

/**
 * Base of all losses. A subclass gives the loss per sample; here they are weighted and reduced.
 */
export abstract class Loss {
  static readonly className: string = "Loss"
  protected abstract readonly options: LossOptions

  /** Its Keras name. */
  get className(): string {
    return (this.constructor as typeof Loss).className
  }

  /** The name under which it is reported. */
  get name(): string {
    return this.options.name ?? toSnakeCase(this.className)
  }

  /** How per-sample losses become one number. */
  get reduction(): Reduction {
    return this.options.reduction
  }

  /**
   * The loss of predictions, differentiable with respect to them.     [n, ...] [n, ...] ([n]) -> [] ([n] for "none")
   * @throws ShapeError when shapes do not fit each other.
   */
  call(yTrue: Values, yPred: Values, sampleWeight: Values | null = null): Tensor {
    const [t, p] = this.match(asTensor(yTrue), asTensor(yPred))
    const weights = this.weigh(t, sampleWeight === null ? null : asTensor(sampleWeight))
    return reduceLoss(this.perSample(t, p), weights, this.options.reduction)
  }

  /** One loss per sample, unweighted, of targets and predictions whose shapes may differ by a last 1. */
  unreduced(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.perSample(...this.match(yTrue, yPred))
  }

  /** One loss per sample, unweighted. */
  abstract perSample(yTrue: Tensor, yPred: Tensor): Tensor

  /** Brings targets and predictions to one shape. */
  protected match(yTrue: Tensor, yPred: Tensor): [yTrue: Tensor, yPred: Tensor] {
    return matched(this.className, yTrue, yPred)
  }

  /** The weights to use, from those given. */
  protected weigh(_yTrue: Tensor, sampleWeight: Tensor | null): Tensor | null {
    return sampleWeight
  }

  /** Its options under Keras's names. */
  getConfig(): Config {
    return toConfig({ ...this.options, name: this.name })
  }
}

/**
 * A loss's options, completed; the common ones checked.
 * @throws OptionError for an unknown key or reduction.
 */
export function settleLoss<T extends LossOptions>(owner: string, defaults: T, options: Options<T>): T {
  const all = complete(owner, defaults, options)
  checkChoice(owner, "reduction", all.reduction, reductions)
  return all
}

/** A loss of the user's own: gives a loss per sample, or one number already. */
export type LossFunction = (yTrue: Tensor, yPred: Tensor) => Tensor

/** A function as a `Loss`. */
export class CustomLoss extends Loss {
  static override readonly className = "CustomLoss"
  protected readonly options: LossOptions
  readonly #fn: LossFunction

  constructor(fn: LossFunction, options: Options<LossOptions> = {}) {
    super()
    this.#fn = fn
    this.options = settleLoss("CustomLoss", { ...lossDefaults, name: fn.name || "loss" }, options)
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    return this.#fn(yTrue, yPred)
  }

  protected override match(yTrue: Tensor, yPred: Tensor): [yTrue: Tensor, yPred: Tensor] {
    return [yTrue, yPred]
  }
}
