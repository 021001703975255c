import { checkNumber, elasticNet, type Tensor } from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { Regularizer } from "./regularizer.ts"

/** Options of `L1`. */
export interface L1Options {
  /** Default 0.01. */
  readonly l1?: number
}

/** Lasso: l1 * sum |x|. [Keras](https://keras.io/api/layers/regularizers/) */
export class L1 extends Regularizer {
  static override readonly className: string = "L1"
  readonly l1: number

  /** @throws OptionError for an unknown option or a negative factor. */
  constructor(options: L1Options = {}) {
    super(options, ["l1"])
    this.l1 = checkNumber(nameOfClass(new.target), "l1", options.l1 ?? 0.01, { min: 0 })
  }

  call(x: Tensor): Tensor {
    return elasticNet(x, this.l1, 0)
  }

  override options(): Record<string, unknown> {
    return { l1: this.l1 }
  }
}

/** Options of `L2`. */
export interface L2Options {
  /** Default 0.01. */
  readonly l2?: number
}

/** Ridge: l2 * sum x², without a factor 1/2. [Keras](https://keras.io/api/layers/regularizers/) */
export class L2 extends Regularizer {
  static override readonly className: string = "L2"
  readonly l2: number

  /** @throws OptionError for an unknown option or a negative factor. */
  constructor(options: L2Options = {}) {
    super(options, ["l2"])
    this.l2 = checkNumber(nameOfClass(new.target), "l2", options.l2 ?? 0.01, { min: 0 })
  }

  call(x: Tensor): Tensor {
    return elasticNet(x, 0, this.l2)
  }

  override options(): Record<string, unknown> {
    return { l2: this.l2 }
  }
}

/** Options of `L1L2`. */
export interface L1L2Options {
  /** Default 0. */
  readonly l1?: number
  /** Default 0. */
  readonly l2?: number
}

/** Both: l1 * sum |x| + l2 * sum x². [Keras](https://keras.io/api/layers/regularizers/) */
export class L1L2 extends Regularizer {
  static override readonly className: string = "L1L2"
  readonly l1: number
  readonly l2: number

  /** @throws OptionError for an unknown option or a negative factor. */
  constructor(options: L1L2Options = {}) {
    super(options, ["l1", "l2"])
    const owner = nameOfClass(new.target)
    this.l1 = checkNumber(owner, "l1", options.l1 ?? 0, { min: 0 })
    this.l2 = checkNumber(owner, "l2", options.l2 ?? 0, { min: 0 })
  }

  call(x: Tensor): Tensor {
    return elasticNet(x, this.l1, this.l2)
  }

  override options(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 }
  }
}
