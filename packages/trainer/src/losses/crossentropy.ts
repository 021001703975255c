import {
  binaryCrossentropy,
  categoricalCrossentropy,
  checkBoolean,
  checkNumber,
  OptionError,
  ShapeError,
  sameShape,
  sizeOf,
  sparseCategoricalCrossentropy,
  type Tensor,
  tensor,
} from "@selvedge/core"
import type { Options } from "../config.ts"
import { sigmoid } from "../math.ts"
import { Loss, type LossOptions, lossDefaults, settleLoss } from "./loss.ts"
import { binaryFromProbabilities, categoricalFromProbabilities, sparseFromProbabilities } from "./probabilities.ts"
import { rowwise } from "./rowwise.ts"

interface CrossentropyOptions extends LossOptions {
  fromLogits: boolean
  labelSmoothing: number
  axis: number
}

const defaults: CrossentropyOptions = { ...lossDefaults, fromLogits: false, labelSmoothing: 0, axis: -1 }

function settleCrossentropy(owner: string, options: Options<CrossentropyOptions>): CrossentropyOptions {
  const all = settleLoss(owner, defaults, options)
  checkBoolean(owner, "fromLogits", all.fromLogits)
  checkNumber(owner, "labelSmoothing", all.labelSmoothing, { min: 0, max: 1 })
  checkAxis(owner, all.axis)
  return all
}

function checkAxis(owner: string, axis: number): void {
  if (axis === -1) return
  throw new OptionError(`${owner}: axis must be -1`, { hint: "transpose, so that the classes are the last axis" })
}

/**
 * Crossentropy of yes-or-no targets, the mean over the last axis: `-t log p - (1 - t) log(1 - p)`.
 *
 * Targets are moved towards 0.5 by `labelSmoothing`. Predictions are logits with `fromLogits`; a sigmoid's output is
 * replaced by its logits; other probabilities are cut to [1e-7, 1 - 1e-7].
 * https://keras.io/api/losses/probabilistic_losses/
 * @throws OptionError for an unknown or wrong option.
 */
export class BinaryCrossentropy extends Loss {
  static override readonly className = "BinaryCrossentropy"
  protected readonly options: CrossentropyOptions

  constructor(options: Options<CrossentropyOptions> = {}) {
    super()
    this.options = settleCrossentropy("BinaryCrossentropy", options)
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = smoothed(yTrue, this.options.labelSmoothing, 2)
    const logits = this.options.fromLogits ? yPred : logitsOfSigmoid(yPred)
    if (logits) return binaryCrossentropy(target, logits)
    return rowwise("BinaryCrossentropy", target, yPred, binaryFromProbabilities)
  }
}

/**
 * Crossentropy of class probabilities along the last axis: `-sum t log p`.
 *
 * Targets are moved towards 1 / n by `labelSmoothing`. Predictions are logits with `fromLogits`; a softmax's output is
 * replaced by its logits; other predictions are divided by their sum and cut to [1e-7, 1 - 1e-7].
 * https://keras.io/api/losses/probabilistic_losses/
 * @throws OptionError for an unknown or wrong option.
 */
export class CategoricalCrossentropy extends Loss {
  static override readonly className = "CategoricalCrossentropy"
  protected readonly options: CrossentropyOptions

  constructor(options: Options<CrossentropyOptions> = {}) {
    super()
    this.options = settleCrossentropy("CategoricalCrossentropy", options)
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    const target = smoothed(yTrue, this.options.labelSmoothing, yTrue.shape.at(-1) ?? 1)
    const logits = this.options.fromLogits ? yPred : logitsOfSoftmax(yPred)
    return logits ? categoricalCrossentropy(target, logits) : categoricalFromProbabilities(target, yPred)
  }
}

interface SparseOptions extends LossOptions {
  fromLogits: boolean
  ignoreClass: number | null
  axis: number
}

/**
 * Crossentropy of class numbers: `-log p[label]`, per row.               labels [...], predictions [..., n]
 *
 * Predictions are logits with `fromLogits`; a softmax's output is replaced by its logits; other predictions are cut to
 * [1e-7, 1 - 1e-7] and renormalised, as Keras does on TensorFlow. Rows labelled `ignoreClass` do not count.
 * https://keras.io/api/losses/probabilistic_losses/
 * @throws OptionError for an unknown or wrong option.
 */
export class SparseCategoricalCrossentropy extends Loss {
  static override readonly className = "SparseCategoricalCrossentropy"
  protected readonly options: SparseOptions

  constructor(options: Options<SparseOptions> = {}) {
    super()
    const start: SparseOptions = { ...lossDefaults, fromLogits: false, ignoreClass: null, axis: -1 }
    this.options = settleLoss("SparseCategoricalCrossentropy", start, options)
    checkBoolean("SparseCategoricalCrossentropy", "fromLogits", this.options.fromLogits)
    checkAxis("SparseCategoricalCrossentropy", this.options.axis)
    const { ignoreClass } = this.options
    if (ignoreClass !== null) checkNumber(this.className, "ignoreClass", ignoreClass, { integer: true })
  }

  /** Whether the rows of one class do not count. */
  get ignoresClass(): boolean {
    return this.options.ignoreClass !== null
  }

  protected override match(yTrue: Tensor, yPred: Tensor): [yTrue: Tensor, yPred: Tensor] {
    const shape = yPred.shape.slice(0, -1)
    if (yPred.rank === 0 || yTrue.size !== sizeOf(shape)) throw labelsDoNotFit(yTrue, yPred)
    if (sameShape(yTrue.shape, shape)) return [yTrue, yPred]
    if (sameShape(yTrue.shape, [...shape, 1])) return [yTrue.window(shape, 0), yPred]
    throw labelsDoNotFit(yTrue, yPred)
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    const labels = this.options.ignoreClass === null ? yTrue : withoutClass(yTrue, this.options.ignoreClass)
    const logits = this.options.fromLogits ? yPred : logitsOfSoftmax(yPred)
    return logits ? sparseCategoricalCrossentropy(labels, logits) : sparseFromProbabilities(labels, yPred)
  }

  protected override weigh(yTrue: Tensor, sampleWeight: Tensor | null): Tensor | null {
    const { ignoreClass } = this.options
    if (ignoreClass === null) return sampleWeight
    // Keras spreads the weight of what is ignored over what is left.
    const kept = Array.from(yTrue.read(), label => (label === ignoreClass ? 0 : 1))
    const share = yTrue.size / (kept.reduce((sum: number, one) => sum + one, 0) + 1e-7)
    const given = sampleWeight?.read()
    return tensor(
      kept.map((one, i) => one * share * (given?.[i] ?? 1)),
      yTrue.shape,
    )
  }
}

const labelsDoNotFit = (yTrue: Tensor, yPred: Tensor) =>
  new ShapeError("SparseCategoricalCrossentropy: needs one class number for each row of predictions", {
    facts: { yTrue: yTrue.shape, yPred: yPred.shape },
    ...(sameShape(yTrue.shape, yPred.shape) ? { hint: 'one-hot targets go to "categorical_crossentropy"' } : {}),
  })

const withoutClass = (labels: Tensor, ignored: number) =>
  tensor(
    Array.from(labels.read(), label => (label === ignored ? 0 : label)),
    labels.shape,
  )

/** t (1 - amount) + amount / classes. */
function smoothed(target: Tensor, amount: number, classes: number): Tensor {
  if (amount === 0) return target
  const values = Array.from(target.read(), t => t * (1 - amount) + amount / classes)
  return tensor(Float64Array.from(values), target.shape)
}

// A tensor's `logits` may have gone through either function; its values tell which.
const near = (a: number, b: number) => Math.abs(a - b) <= 1e-5

function logitsOfSigmoid(yPred: Tensor): Tensor | null {
  if (!yPred.logits || yPred.size === 0) return null
  const [p, x] = [yPred.read(), yPred.logits.read()]
  const n = yPred.shape.at(-1) ?? 1
  for (let j = 0; j < n; j++) if (!near(p[j]!, sigmoid(x[j]!))) return null
  return yPred.logits
}

function logitsOfSoftmax(yPred: Tensor): Tensor | null {
  if (!yPred.logits || yPred.size === 0) return null
  const p = yPred.read()
  let sum = 0
  for (let j = 0; j < (yPred.shape.at(-1) ?? 1); j++) sum += p[j]!
  return near(sum, 1) || Number.isNaN(sum) ? yPred.logits : null
}
