import {
  add,
  checkNumber,
  concat,
  isTensor,
  maximum,
  minimum,
  mul,
  OptionError,
  reshape,
  ShapeError,
  sub,
  type Tensor,
} from "@selvedge/core"
import { nameOfClass } from "../configurable.ts"
import { Layer, type LayerOptions } from "../layer.ts"
import { type DataShape, type DataShapes, isShapeList } from "../shapes.ts"

abstract class Merge extends Layer {
  /** Merges two tensors, element by element. */
  protected abstract merge(a: Tensor, b: Tensor): Tensor
  /** How many inputs it takes, if that is fixed. */
  protected readonly count: number | null = null

  override call(xs: readonly Tensor[]): Tensor {
    const [first, ...others] = alignRanks(listOf(this.name, xs, this.count))
    if (!first) throw new OptionError(`${this.name}: needs at least one input`)
    return others.reduce((y, x) => this.merge(y, x), first)
  }

  override build(inputShape: DataShapes): void {
    this.computeOutputShape(inputShape)
    super.build(inputShape)
  }

  /** @throws ShapeError when the inputs do not broadcast. */
  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const shapes = shapesOfList(this.name, inputShape)
    const [first = [], ...others] = shapes.map(shape => shape.slice(1))
    return [batchOf(shapes), ...others.reduce((a: DataShape, b) => broadcast(this.name, a, b), first)]
  }
}

/** The sum of its inputs.   [[b, ...], ...] -> [b, ...]   [Keras](https://keras.io/api/layers/merging_layers/add/) */
export class Add extends Merge {
  static override readonly className: string = "Add"

  protected merge(a: Tensor, b: Tensor): Tensor {
    return add(a, b)
  }
}

/** The first input less the second.   [[b, ...], [b, ...]] -> [b, ...]   [Keras](https://keras.io/api/layers/merging_layers/subtract/) */
export class Subtract extends Merge {
  static override readonly className: string = "Subtract"
  protected override readonly count = 2

  protected merge(a: Tensor, b: Tensor): Tensor {
    return sub(a, b)
  }
}

/** The product of its inputs.   [[b, ...], ...] -> [b, ...]   [Keras](https://keras.io/api/layers/merging_layers/multiply/) */
export class Multiply extends Merge {
  static override readonly className: string = "Multiply"

  protected merge(a: Tensor, b: Tensor): Tensor {
    return mul(a, b)
  }
}

/** The mean of its inputs.   [[b, ...], ...] -> [b, ...]   [Keras](https://keras.io/api/layers/merging_layers/average/) */
export class Average extends Merge {
  static override readonly className: string = "Average"

  override call(xs: readonly Tensor[]): Tensor {
    return mul(super.call(xs), 1 / xs.length)
  }

  protected merge(a: Tensor, b: Tensor): Tensor {
    return add(a, b)
  }
}

/** The largest of its inputs.   [[b, ...], ...] -> [b, ...]   [Keras](https://keras.io/api/layers/merging_layers/maximum/) */
export class Maximum extends Merge {
  static override readonly className: string = "Maximum"

  protected merge(a: Tensor, b: Tensor): Tensor {
    return maximum(a, b)
  }
}

/** The smallest of its inputs.   [[b, ...], ...] -> [b, ...]   [Keras](https://keras.io/api/layers/merging_layers/minimum/) */
export class Minimum extends Merge {
  static override readonly className: string = "Minimum"

  protected merge(a: Tensor, b: Tensor): Tensor {
    return minimum(a, b)
  }
}

/** Options of `Concatenate`. */
export interface ConcatenateOptions extends LayerOptions {
  /** Default the last. */
  readonly axis?: number
}

/**
 * Its inputs side by side along an axis; their other sizes are equal.   [[b, m], [b, n]] -> [b, m + n]
 * [Keras](https://keras.io/api/layers/merging_layers/concatenate/)
 */
export class Concatenate extends Layer {
  static override readonly className: string = "Concatenate"
  readonly axis: number

  /** @throws OptionError for an unknown option or an axis that is not an integer. */
  constructor(options: ConcatenateOptions = {}) {
    super(options, ["axis"])
    this.axis = checkNumber(nameOfClass(new.target), "axis", options.axis ?? -1, { integer: true })
  }

  override call(xs: readonly Tensor[]): Tensor {
    return concat(listOf(this.name, xs, null), this.axis)
  }

  override build(inputShape: DataShapes): void {
    this.computeOutputShape(inputShape)
    super.build(inputShape)
  }

  /** @throws ShapeError when the shapes differ along another axis. */
  override computeOutputShape(inputShape: DataShapes): DataShapes {
    const [first = [], ...others] = shapesOfList(this.name, inputShape)
    const axis = this.axis < 0 ? this.axis + first.length : this.axis
    return others.reduce((joined: DataShape, shape) => {
      const fits = shape.length === joined.length && axis >= 0 && axis < shape.length
      if (!fits || shape.some((n, i) => i !== axis && n !== null && joined[i] !== null && joined[i] !== n)) {
        throw new ShapeError(`${this.name}: its inputs do not fit along axis ${this.axis}`, {
          facts: { "so far": joined, next: shape },
          rule: "sizes are equal along every other axis",
        })
      }
      return joined.map((n, i) => (i === axis ? sumOf(n, shape[i] ?? null) : (n ?? shape[i] ?? null)))
    }, first)
  }

  override options(): Record<string, unknown> {
    return { ...super.options(), axis: this.axis }
  }
}

function sumOf(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b
}

function listOf(owner: string, xs: readonly Tensor[], count: number | null): readonly Tensor[] {
  if (Array.isArray(xs) && xs.length > 0 && xs.every(isTensor) && (count === null || xs.length === count)) return xs
  throw new OptionError(`${owner}: takes a list of ${count ?? "one or more"} tensors`, {
    hint: `apply it to a list: ${owner}.apply([a, b])`,
  })
}

function shapesOfList(owner: string, shape: DataShapes): readonly DataShape[] {
  if (isShapeList(shape)) return shape
  throw new OptionError(`${owner}: takes a list of inputs, got one of shape [${shape.join(", ")}]`)
}

/** Gives inputs of lower rank axes of size 1 behind the batch, so that they broadcast as in Keras. */
function alignRanks(xs: readonly Tensor[]): readonly Tensor[] {
  const rank = Math.max(...xs.map(x => x.rank))
  return xs.map(x => {
    const [batch = 1, ...sample] = x.shape
    return x.rank === rank ? x : reshape(x, [batch, ...Array.from({ length: rank - x.rank }, () => 1), ...sample])
  })
}

function batchOf(shapes: readonly DataShape[]): number | null {
  return shapes.map(shape => shape[0] ?? null).find(n => n !== null) ?? null
}

function broadcast(owner: string, a: DataShape, b: DataShape): DataShape {
  const rank = Math.max(a.length, b.length)
  return Array.from({ length: rank }, (_, i) => {
    const [m, n] = [a, b].map(shape => {
      const at = shape.length - rank + i
      return at < 0 ? 1 : (shape[at] ?? null)
    })
    if (m === 1) return n ?? null
    if (n === 1 || m === n) return m ?? null
    if (m === null || n === null || m === undefined || n === undefined) return null
    throw new ShapeError(`${owner}: its inputs do not fit each other`, {
      facts: { a: [null, ...a], b: [null, ...b] },
      rule: "two sizes are equal or one of them is 1",
    })
  })
}
