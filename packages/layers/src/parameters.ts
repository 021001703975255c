import {
  assign,
  checkBoolean,
  checkNumber,
  OptionError,
  type Shape,
  ShapeError,
  sameShape,
  type Tensor,
} from "@selvedge/core"
import { Configurable, classNameOf } from "./configurable.ts"
import type { ConstraintLike } from "./constraints/index.ts"
import { freeId, initialisationStream } from "./initialisation.ts"
import type { InitializerLike } from "./initializers/index.ts"
import { autoName, isAutoName } from "./names.ts"
import type { RegularizerLike } from "./regularizers/index.ts"
import { penaltyOn } from "./regularizers/regularizer.ts"
import { WeightRule } from "./rule.ts"
import { checkValues, type WeightValues } from "./values.ts"
import { Weight } from "./weight.ts"

/** What `addWeight` takes. */
export interface AddWeightOptions {
  readonly name: string
  readonly shape: Shape
  /** Default `"glorot_uniform"`. */
  readonly initializer?: InitializerLike
  readonly regularizer?: RegularizerLike
  readonly constraint?: ConstraintLike
  /** False for state that no optimizer changes. Default true. */
  readonly trainable?: boolean
}

/** Base of layers: a name, weights of its own, and those of what is inside it. */
export abstract class Parametrised extends Configurable {
  readonly name: string
  /** Whether its weights have been made. */
  built = false
  readonly #explicitName: string | null
  readonly #weights: Weight[] = []
  #trainable: boolean
  #learningRateMultiplier = 1

  constructor(className: string, givenName: string | null, trainable: boolean) {
    super()
    this.#explicitName = givenName !== null && isAutoName(className, givenName) ? null : givenName
    this.name = givenName ?? autoName(className)
    this.#trainable = trainable
  }

  /** What is inside it and has weights, too. */
  abstract sublayers(): readonly Parametrised[]

  /**
   * Makes a weight of the layer's. One of that name and shape that exists already is given back.
   * @throws ShapeError when it exists with another shape.
   */
  protected addWeight(options: AddWeightOptions | (WeightRule & { readonly shape: Shape })): Weight {
    const { name: key, shape, initializer = "glorot_uniform", regularizer = null, constraint = null } = options
    const learnable = !("trainable" in options) || options.trainable !== false
    const existing = this.#weights.find(w => w.key === key)
    if (existing) {
      if (sameShape(existing.shape, shape)) return existing
      throw new ShapeError(`${this.name}: was built for another input`, {
        facts: { [key]: existing.shape, "would be": shape },
      })
    }
    const rule = new WeightRule(key, initializer, regularizer, constraint)
    const weight = new Weight({
      ...rule,
      key,
      name: `${this.name}/${key}`,
      shape,
      learnable,
      trainable: this.#trainable,
      initialise: (_, out) =>
        rule.initializer.write(
          out,
          shape,
          initialisationStream(this, () => this.freeId, key),
        ),
    })
    weight.learningRateMultiplier = this.#learningRateMultiplier
    this.#weights.push(weight)
    return weight
  }

  /** Its weight of that name, or null. */
  protected findWeight(key: string): Weight | null {
    return this.#weights.find(weight => weight.key === key) ?? null
  }

  /** Its weight of that name. @throws OptionError before the layer is built. */
  protected weight(key: string): Weight {
    const weight = this.findWeight(key)
    if (weight) return weight
    throw new OptionError(`${this.name}: has no "${key}" yet`, {
      hint: "call build(inputShape) first, or apply, which does it",
    })
  }

  /** An id that does not depend on automatic names: its explicit name, else its ordinal among its class. */
  get freeId(): string {
    return freeId(this, classNameOf(this), this.#explicitName)
  }

  /** The name it was given; null when it was named automatically, now or before it was saved. */
  get explicitName(): string | null {
    return this.#explicitName
  }

  /** All weights, those of layers inside included, each once: first its own trainable ones, then its own others. */
  get weights(): Weight[] {
    const found = new Set<Weight>()
    this.#collect(found)
    return [...found]
  }

  #collect(found: Set<Weight>): void {
    for (const weight of this.#weights) if (weight.learnable) found.add(weight)
    for (const weight of this.#weights) if (!weight.learnable) found.add(weight)
    for (const layer of this.sublayers()) layer.#collect(found)
  }

  /** The weights that an optimizer changes now: none of a frozen layer. */
  get trainableWeights(): Weight[] {
    return this.#trainable ? this.weights.filter(w => w.trainable) : []
  }

  /** The weights that no optimizer changes now. */
  get nonTrainableWeights(): Weight[] {
    return this.#trainable ? this.weights.filter(w => !w.trainable) : this.weights
  }

  /** Whether it learns. Setting it sets all layers inside, too, and has effect at the next step. */
  get trainable(): boolean {
    return this.#trainable
  }

  set trainable(value: boolean) {
    this.#trainable = checkBoolean(this.name, "trainable", value)
    for (const weight of this.#weights) weight.trainable = value
    for (const layer of this.sublayers()) layer.trainable = value
  }

  /** Factor on the learning rate of all its weights, those of layers inside included. */
  get learningRateMultiplier(): number {
    return this.#learningRateMultiplier
  }

  set learningRateMultiplier(value: number) {
    this.#learningRateMultiplier = checkNumber(this.name, "learningRateMultiplier", value, { min: 0 })
    for (const weight of this.#weights) weight.learningRateMultiplier = value
    for (const layer of this.sublayers()) layer.learningRateMultiplier = value
  }

  /** Copies of all weights' numbers, in the order of `weights`. */
  getWeights(): Float32Array[] {
    return this.weights.map(weight => Float32Array.from(weight.read()))
  }

  /**
   * Replaces all weights' numbers, given in the order of `weights`.
   * @throws OptionError for another count, ShapeError naming the first that does not fit. Nothing is changed then.
   */
  setWeights(values: readonly WeightValues[]): void {
    const { weights } = this
    const numbers = checkValues(this.name, weights, values)
    weights.forEach((weight, i) => {
      weight.skipInitialisation()
      assign(weight, numbers[i] ?? [])
    })
  }

  /**
   * How many numbers its weights hold.
   * @throws OptionError before it is built.
   */
  countParams(): number {
    if (!this.built) {
      throw new OptionError(`${this.name}: has no weights yet`, {
        hint: "build(inputShape) makes them, or the first call",
      })
    }
    return this.weights.reduce((sum, weight) => sum + weight.size, 0)
  }

  /** The penalties of its regularizers on its trainable weights: differentiable scalars. */
  regularizationLosses(): Tensor[] {
    return this.trainableWeights.flatMap(weight => {
      const { regularizer, name } = weight
      return regularizer ? [penaltyOn(`"${name}"`, regularizer, weight)] : []
    })
  }
}
