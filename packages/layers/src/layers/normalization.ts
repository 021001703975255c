import {
  add,
  assign,
  broadcastTo,
  checkBoolean,
  describe,
  div,
  isTensor,
  maximum,
  mean,
  mul,
  type NestedArray,
  noGrad,
  OptionError,
  reshape,
  ShapeError,
  sizeOf,
  sqrt,
  square,
  sub,
  type Tensor,
  type TensorLike,
  tensor,
  variance,
} from "@selvedge/core"
import { checkAxes } from "../constraints/constraint.ts"
import type { LayerOptions } from "../layer.ts"
import { type DataShapes, knownSize, namedAxes, singleShape } from "../shapes.ts"
import { Elementwise } from "./elementwise.ts"

/** Keras's `epsilon()`: the smallest deviation that is divided by. */
const EPSILON = 1e-7

/** Options of `Normalization`. */
export interface NormalizationOptions extends LayerOptions {
  /** The axis or axes that keep statistics of their own. Default the last; null for one mean over everything. */
  readonly axis?: number | readonly number[] | null
  /** Given in place of `adapt`, together with `variance`. */
  readonly mean?: TensorLike | null
  readonly variance?: TensorLike | null
  /** Whether to undo the normalisation: y = mean + x deviation. Default false. */
  readonly invert?: boolean
}

/**
 * y = (x - mean) / max(sqrt(variance), 1e-7), with the mean and biased variance of data shown to `adapt`, or given.
 * [Keras](https://keras.io/api/layers/preprocessing_layers/numerical/normalization/)          [...] -> [...]
 */
export class Normalization extends Elementwise {
  static override readonly className: string = "Normalization"
  readonly axis: readonly number[]
  readonly invert: boolean
  readonly #given: { readonly mean: NestedArray; readonly variance: NestedArray } | null

  /** @throws OptionError for an unknown option, or a mean without a variance. */
  constructor(options: NormalizationOptions = {}) {
    super(options, ["axis", "mean", "variance", "invert"])
    const { axis = -1, mean = null, variance = null } = options
    // A config has an empty list for none.
    const none = axis === null || (Array.isArray(axis) && axis.length === 0)
    this.axis = none ? [] : [checkAxes("Normalization", axis)].flat()
    this.invert = checkBoolean("Normalization", "invert", options.invert ?? false)
    if ((mean === null) !== (variance === null)) {
      throw new OptionError("Normalization: mean and variance are given together or not at all")
    }
    if (mean === null || variance === null) this.#given = null
    else this.#given = { mean: checkNumbers("mean", mean), variance: checkNumbers("variance", variance, 0) }
  }

  /** @throws ShapeError when an axis that keeps statistics has no known size. */
  override build(inputShape: DataShapes): void {
    const shape = singleShape(this.name, inputShape)
    const kept = namedAxes(this.name, this.axis, shape).map(axis => knownSize(this.name, shape, axis))
    if (!this.#given) {
      this.addWeight({ name: "mean", shape: kept, initializer: "zeros", trainable: false })
      this.addWeight({ name: "variance", shape: kept, initializer: "ones", trainable: false })
      // Keras keeps it for files of earlier versions; nothing reads it.
      this.addWeight({ name: "count", shape: [], initializer: "zeros", trainable: false })
    }
    super.build(inputShape)
  }

  /**
   * Takes mean and variance from data: a tensor, or batches of one shape, which are weighed by their sizes.
   * @throws ShapeError for data of another shape than the layer was built for, OptionError for no data.
   */
  adapt(data: Tensor | Iterable<Tensor>): void {
    if (this.#given) throw new OptionError(`${this.name}: has its mean and variance from its options`)
    if (!isTensor(data) && !isIterable(data)) throw this.#notData(data)
    let total = { count: 0, mean: tensor(0), variance: tensor(0) }
    for (const batch of isTensor(data) ? [data] : data) {
      const moments = noGrad(() => this.#momentsOf(batch))
      total = total.count === 0 ? moments : noGrad(() => join(total, moments))
    }
    if (total.count === 0) throw new OptionError(`${this.name}: adapt got no data`)
    assign(this.weight("mean"), total.mean)
    assign(this.weight("variance"), total.variance)
  }

  #momentsOf(batch: Tensor): Moments {
    if (!isTensor(batch)) throw this.#notData(batch)
    this.ensureBuilt([null, ...batch.shape.slice(1)])
    const kept = namedAxes(this.name, this.axis, batch.shape)
    const axis = batch.shape.map((_, i) => i).filter(i => !kept.includes(i))
    const moments = axis.length === 0 ? [batch, mul(batch, 0)] : [mean(batch, { axis }), variance(batch, { axis })]
    const [average, spread] = moments
    if (!average || !spread || average.shape.join() !== this.weight("mean").shape.join()) {
      throw new ShapeError(`${this.name}: the data do not have the shape that it was built for`, {
        facts: { data: batch.shape, mean: this.weight("mean").shape },
      })
    }
    return { count: axis.reduce((product, i) => product * (batch.shape[i] ?? 1), 1), mean: average, variance: spread }
  }

  #notData(value: unknown): OptionError {
    return new OptionError(`${this.name}: adapt takes a tensor or batches of tensors, got ${describe(value)}`, {
      hint: "make tensors with tensor(values)",
    })
  }

  override call(x: Tensor): Tensor {
    const [average, spread] = this.#statistics(x)
    const deviation = maximum(sqrt(spread), EPSILON)
    return this.invert ? add(average, mul(x, deviation)) : div(sub(x, average), deviation)
  }

  /** Mean and variance with a size for every axis of x: 1 where all share them. */
  #statistics(x: Tensor): [Tensor, Tensor] {
    const kept = namedAxes(this.name, this.axis, x.shape)
    const open = x.shape.map((n, i) => (kept.includes(i) ? n : 1))
    if (!this.#given) return [reshape(this.weight("mean"), open), reshape(this.weight("variance"), open)]
    const { mean: average, variance: spread } = this.#given
    return [this.#align("mean", average, kept, open), this.#align("variance", spread, kept, open)]
  }

  /** Lays given statistics on the kept axes, the last on the last. */
  #align(what: string, values: NestedArray, kept: readonly number[], open: readonly number[]): Tensor {
    const x = tensor(values)
    const shape = open.map(() => 1)
    for (let i = 1; i <= x.rank; i++) shape[kept[kept.length - i] ?? 0] = x.shape[x.rank - i] ?? 1
    if (sizeOf(shape) === x.size && shape.every((n, i) => n === 1 || n === open[i])) {
      return broadcastTo(reshape(x, shape), open)
    }
    throw new ShapeError(`${this.name}: the given ${what} does not fit the axes that keep statistics`, {
      facts: { [what]: x.shape, axes: kept, input: open },
    })
  }

  override options(): Record<string, unknown> {
    const { axis, invert } = this
    const given = this.#given ?? { mean: null, variance: null }
    return { ...super.options(), axis, invert, mean: given.mean, variance: given.variance }
  }
}

interface Moments {
  readonly count: number
  readonly mean: Tensor
  readonly variance: Tensor
}

/** Mean and variance of two sets of data together. */
function join(a: Moments, b: Moments): Moments {
  const count = a.count + b.count
  const [p, q] = [a.count / count, b.count / count]
  const average = add(mul(a.mean, p), mul(b.mean, q))
  const spread = (part: Moments) => add(part.variance, square(sub(part.mean, average)))
  return { count, mean: average, variance: add(mul(spread(a), p), mul(spread(b), q)) }
}

/** A copy of numbers given as an option. @throws OptionError for anything else, NaN, or a number below `min`. */
function checkNumbers(name: string, value: unknown, min = -Infinity): NestedArray {
  const list: unknown = ArrayBuffer.isView(value) ? Array.from(value as Float32Array) : value
  const fine = (n: unknown): n is NestedArray =>
    Array.isArray(n) ? n.every(fine) : typeof n === "number" && Number.isFinite(n) && n >= min
  if (fine(list)) return structuredClone(list)
  const rule = min === 0 ? "numbers >= 0" : "numbers"
  throw new OptionError(`Normalization: ${name} must be ${rule}, alone or in lists, got ${describe(list)}`)
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value
}
