import { type Buffer, checkNumber, type Shape, ShapeError } from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { Initializer } from "./initializer.ts"

/** All zeros. [Keras](https://keras.io/api/layers/initializers/#zeros-class) */
export class Zeros extends Initializer {
  static override readonly className: string = "Zeros"

  fill(out: Buffer): void {
    out.fill(0)
  }
}

/** All ones. [Keras](https://keras.io/api/layers/initializers/#ones-class) */
export class Ones extends Initializer {
  static override readonly className: string = "Ones"

  fill(out: Buffer): void {
    out.fill(1)
  }
}

/** Options of `Constant`. */
export interface ConstantOptions {
  /** Default 0. */
  readonly value?: number
}

/** One value everywhere. [Keras](https://keras.io/api/layers/initializers/#constant-class) */
export class Constant extends Initializer {
  static override readonly className: string = "Constant"
  readonly value: number

  /** @throws OptionError for a value that is not a number. */
  constructor(options: ConstantOptions = {}) {
    super(options, ["value"])
    this.value = checkNumber(nameOfClass(new.target), "value", options.value ?? 0)
  }

  fill(out: Buffer): void {
    out.fill(this.value)
  }

  override options(): Record<string, unknown> {
    return { value: this.value }
  }
}

/** Options of `Identity`. */
export interface IdentityOptions {
  /** The value on the diagonal. Default 1. */
  readonly gain?: number
}

/**
 * `gain` on the diagonal of a matrix, 0 elsewhere; the matrix need not be square.
 * [Keras](https://keras.io/api/layers/initializers/#identity-class)
 */
export class Identity extends Initializer {
  static override readonly className: string = "Identity"
  readonly gain: number

  /** @throws OptionError for a gain that is not a number. */
  constructor(options: IdentityOptions = {}) {
    super(options, ["gain"])
    this.gain = checkNumber(nameOfClass(new.target), "gain", options.gain ?? 1)
  }

  /** @throws ShapeError for anything but a matrix. */
  fill(out: Buffer, shape: Shape): void {
    const [rows, columns] = shape
    if (shape.length !== 2 || rows === undefined || columns === undefined) {
      throw new ShapeError("Identity: fills matrices only", { facts: { weight: shape } })
    }
    out.fill(0)
    for (let i = 0; i < rows && i < columns; i++) out[i * columns + i] = this.gain
  }

  override options(): Record<string, unknown> {
    return { gain: this.gain }
  }
}
