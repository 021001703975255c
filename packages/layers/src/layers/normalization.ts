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
  noGrad,
  OptionError,
  reshape,
  ShapeError,
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
import { type DataShapes, knownSize, singleShape } from "../shapes.ts"
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
  readonly #given: { readonly mean: TensorLike; readonly variance: TensorLike } | null

  /** @throws OptionError for an unknown option, or a mean without a variance. */
  constructor(options: NormalizationOptions = {}) {
    super(options, ["axis", "mean", "variance", "invert"])
    const { axis = -1, mean = null, variance = null } = options
    this.axis = axis === null ? [] : [checkAxes("Normalization", axis)].flat()
    this.invert = checkBoolean("Normalization", "invert", options.invert ?? false)
    if ((mean === null) !== (variance === null)) {
      throw new OptionError("Normalization: mean and variance are given together or not at all")
    }
    this.#given = mean === null || variance === null ? null : { mean, variance }
  }

  /** @throws ShapeError when an axis that keeps statistics has no known size. */
  override build(inputShape: DataShapes): void {
    const shape = singleShape(this.name, inputShape)
    const kept = keptAxes(this.axis, shape.length).map(axis => knownSize(this.name, shape, axis))
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
    if (!isTensor(batch)) {
      throw new OptionError(`${this.name}: adapt takes a tensor or batches of tensors, got ${describe(batch)}`)
    }
    this.ensureBuilt([null, ...batch.shape.slice(1)])
    const kept = keptAxes(this.axis, batch.rank)
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

  override call(x: Tensor): Tensor {
    const [average, spread] = this.#statistics(x)
    const deviation = maximum(sqrt(spread), EPSILON)
    return this.invert ? add(average, mul(x, deviation)) : div(sub(x, average), deviation)
  }

  /** Mean and variance with a size for every axis of x: 1 where all share them. */
  #statistics(x: Tensor): [Tensor, Tensor] {
    const kept = keptAxes(this.axis, x.rank)
    const open = x.shape.map((n, i) => (kept.includes(i) ? n : 1))
    if (!this.#given) return [reshape(this.weight("mean"), open), reshape(this.weight("variance"), open)]
    const { mean: average, variance: spread } = this.#given
    return [alignKept(tensor(average), kept, open), alignKept(tensor(spread), kept, open)]
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

function keptAxes(axes: readonly number[], rank: number): number[] {
  return axes.map(axis => (axis < 0 ? axis + rank : axis)).sort((a, b) => a - b)
}

/** Lays given statistics on the kept axes, the last on the last. */
function alignKept(values: Tensor, kept: readonly number[], open: readonly number[]): Tensor {
  const shape = open.map(() => 1)
  for (let i = 1; i <= values.rank; i++) shape[kept[kept.length - i] ?? 0] = values.shape[values.rank - i] ?? 1
  return broadcastTo(reshape(values, shape), open)
}
