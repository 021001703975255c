import {
  assign,
  type Buffer,
  describe,
  isTensor,
  noGrad,
  OptionError,
  runAtOnce,
  type Shape,
  ShapeError,
  sameShape,
  sizeOf,
  Tensor,
  zeros,
} from "@selvedge/core"
import type { Constraint } from "./constraints/index.ts"
import type { Regularizer } from "./regularizers/index.ts"

/** What a weight is made from. */
export interface WeightOptions {
  /** Its name within its layer: `"kernel"`. */
  readonly key: string
  /** Its layer's name and its own: `"dense/kernel"`. */
  readonly name: string
  readonly shape: Shape
  /** Writes its first values. Called when it is first looked at, or when its model is complete. */
  readonly initialise: (weight: Weight, out: Buffer) => void
  /** False for what an optimizer never changes: moving statistics. */
  readonly learnable: boolean
  readonly trainable: boolean
  readonly regularizer: Regularizer | null
  readonly constraint: Constraint | null
}

let uninitialised = false

/** Zeros for a weight. @throws ShapeError when there is no room for so many. */
function room(name: string, shape: Shape): Tensor {
  try {
    return zeros(shape)
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    throw new ShapeError(`"${name}" is too large: there is no room for ${sizeOf(shape)} numbers`, {
      facts: { shape },
      cause,
    })
  }
}

/** Runs `fn` with weights that have no values yet left so, whatever they are read for: only shapes matter inside. */
export function withoutInitialising<T>(fn: () => T): T {
  const before = uninitialised
  uninitialised = true
  try {
    return fn()
  } finally {
    uninitialised = before
  }
}

/**
 * A layer's parameter or state: a tensor that knows its layer's rules. `data` is its array itself, `grad` its gradient;
 * change it with core's `assign`.
 */
export class Weight extends Tensor {
  /** Its name within its layer: `"kernel"`. */
  readonly key: string
  /** False for what an optimizer never changes, frozen or not: moving statistics. */
  readonly learnable: boolean
  readonly regularizer: Regularizer | null
  readonly constraint: Constraint | null
  /** Factor on the learning rate of this weight alone. */
  learningRateMultiplier = 1
  #initialise: ((weight: Weight, out: Buffer) => void) | null

  constructor(options: WeightOptions) {
    const { shape, name } = options
    super(room(name, shape).storage, shape, { name, requiresGrad: options.trainable && options.learnable })
    this.key = options.key
    this.learnable = options.learnable
    this.regularizer = options.regularizer
    this.constraint = options.constraint
    this.#initialise = options.initialise
  }

  /** Whether optimizers change it now: false while its layer is frozen. */
  get trainable(): boolean {
    return this.requiresGrad
  }

  set trainable(value: boolean) {
    this.requiresGrad = value && this.learnable
  }

  /** Puts it where its constraint allows. @throws OptionError when that gives anything but a tensor of its shape. */
  constrain(): void {
    const { constraint } = this
    if (!constraint) return
    const allowed: unknown = noGrad(() => runAtOnce(() => constraint.call(this)))
    if (!isTensor(allowed) || !sameShape(allowed.shape, this.shape)) {
      const got = isTensor(allowed) ? `one of shape [${allowed.shape.join(", ")}]` : describe(allowed)
      throw new OptionError(
        `the constraint of "${this.name}" must give a tensor of shape [${this.shape.join(", ")}], got ${got}`,
      )
    }
    assign(this, allowed)
  }

  /** Writes its first values, unless it has them. */
  initialise(): void {
    const initialise = this.#initialise
    if (initialise === null || uninitialised) return
    this.#initialise = null
    initialise(this, super.write())
  }

  /** Gives up its first values because others are about to be written over all of them. */
  skipInitialisation(): void {
    this.#initialise = null
  }

  /** Whether it still waits for its first values. */
  get pending(): boolean {
    return this.#initialise !== null
  }

  override get data(): Buffer {
    this.initialise()
    return super.data
  }

  override operand(): Buffer {
    this.initialise()
    return super.operand()
  }

  override write(): Buffer {
    this.initialise()
    return super.write()
  }

  override window(shape: Shape, offset: number): Tensor {
    this.initialise()
    return super.window(shape, offset)
  }
}
