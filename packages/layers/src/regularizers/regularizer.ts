import { checkKeys, describe, isTensor, OptionError, runAtOnce, type Tensor } from "@selvedge/core"
import { Configurable, nameOfClass, serializeFunction } from "../configurable.ts"

/**
 * A penalty on a weight or on a layer's output: a differentiable scalar that is added to the loss, undivided.
 * Of your own: a subclass with `call`, or a plain function `x => penalty`.
 */
export abstract class Regularizer extends Configurable {
  static override readonly module: string = "keras.regularizers"

  /** @throws OptionError for an unknown option. */
  constructor(options: object = {}, keys: readonly string[] = []) {
    super()
    checkKeys(nameOfClass(new.target), options, keys)
  }

  /** The penalty: a scalar tensor. */
  abstract call(x: Tensor): Tensor
}

/**
 * A regularizer's penalty on a weight or an output, named in `what`.
 * @throws OptionError unless it is a scalar tensor.
 */
export function penaltyOn(what: string, regularizer: Regularizer, x: Tensor): Tensor {
  const penalty: unknown = runAtOnce(() => regularizer.call(x))
  if (isTensor(penalty) && penalty.rank === 0) return penalty
  const got = isTensor(penalty) ? `one of shape [${penalty.shape.join(", ")}]` : describe(penalty)
  throw new OptionError(`the regularizer of ${what} must give a scalar tensor, got ${got}`, {
    hint: "end with sum(...) or mean(...)",
  })
}

/** A function of the user's own as a regularizer. */
export class FunctionRegularizer extends Regularizer {
  readonly fn: (x: Tensor) => Tensor

  constructor(fn: (x: Tensor) => Tensor) {
    super()
    this.fn = fn
  }

  call(x: Tensor): Tensor {
    return this.fn(x)
  }

  /** Its name, as Keras writes functions. */
  serialize(): unknown {
    return serializeFunction(this.fn.name || "regularizer")
  }
}
