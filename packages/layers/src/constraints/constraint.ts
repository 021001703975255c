import { checkKeys, describe, noGrad, OptionError, type Tensor } from "@selvedge/core"
import { Configurable, nameOfClass, serializeFunction } from "../configurable.ts"

/**
 * Where a weight may be: after each update a trainer replaces the weight by `call(weight)`.
 * Of your own: a subclass with `call`, or a plain function `w => w`.
 */
export abstract class Constraint extends Configurable {
  static override readonly module: string = "keras.constraints"

  /** @throws OptionError for an unknown option. */
  constructor(options: object = {}, keys: readonly string[] = []) {
    super()
    checkKeys(nameOfClass(new.target), options, keys)
  }

  /** The nearest allowed values: a tensor of the weight's shape. Not differentiated. */
  abstract call(weight: Tensor): Tensor
}

/** A function of the user's own as a constraint. */
export class FunctionConstraint extends Constraint {
  readonly fn: (weight: Tensor) => Tensor

  constructor(fn: (weight: Tensor) => Tensor) {
    super()
    this.fn = fn
  }

  call(weight: Tensor): Tensor {
    return noGrad(() => this.fn(weight))
  }

  /** Its name, as Keras writes functions. */
  serialize(): unknown {
    return serializeFunction(this.fn.name || "constraint")
  }
}

/**
 * An axis or several, over which something is taken. A list is copied.
 * @throws OptionError for anything else, and for an empty list.
 */
export function checkAxes(owner: string, value: unknown): number | readonly number[] {
  if (typeof value === "number" && Number.isInteger(value)) return value
  if (Array.isArray(value) && value.length > 0 && value.every(axis => Number.isInteger(axis))) return [...value]
  throw new OptionError(`${owner}: axis must be an integer or a list of integers, got ${describe(value)}`)
}
