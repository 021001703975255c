import { batchNorm, batchNormInference, checkNumber, describe, OptionError, type Tensor } from "@selvedge/core"
import { getInitializer, type Initializer, type InitializerLike } from "../initializers/index.ts"
import type { CallOptions } from "../layer.ts"
import { type DataShapes, knownSize, singleShape } from "../shapes.ts"
import { deferUpdate } from "../updates.ts"
import type { Weight } from "../weight.ts"
import { Normalizing, type NormalizingOptions } from "./normalizing.ts"

/** Options of `BatchNormalization`. */
export interface BatchNormalizationOptions extends NormalizingOptions {
  /** The axis of the channels. Default the last. */
  readonly axis?: number | readonly number[]
  /** Share of the moving statistics that a training step keeps. Default 0.99. */
  readonly momentum?: number
  /** Default `"zeros"`. */
  readonly movingMeanInitializer?: InitializerLike
  /** Default `"ones"`. */
  readonly movingVarianceInitializer?: InitializerLike
}

/**
 * Batch normalisation: every channel to mean beta and deviation gamma.                    [...] -> [...]
 *
 *   y = gamma (x - mean) / sqrt(variance + epsilon) + beta
 *
 * In training with the batch's own mean and biased variance, over all axes but the channels' one, which then move the
 * moving statistics: moving = momentum moving + (1 - momentum) batch. Otherwise, and always while the layer is frozen,
 * with the moving statistics. [Keras](https://keras.io/api/layers/normalization_layers/batch_normalization/); Ioffe and Szegedy, 2015.
 */
export class BatchNormalization extends Normalizing {
  static override readonly className: string = "BatchNormalization"
  readonly axis: number
  readonly momentum: number
  readonly movingMeanInitializer: Initializer
  readonly movingVarianceInitializer: Initializer
  protected override readonly inputRank = { min: 2 }

  /** @throws OptionError for an unknown option, naming the nearest, or a bad value. */
  constructor(options: BatchNormalizationOptions = {}) {
    const owner = "BatchNormalization"
    super(owner, options, ["axis", "momentum", "movingMeanInitializer", "movingVarianceInitializer"])
    this.axis = checkAxis(options.axis ?? -1)
    this.momentum = checkNumber(owner, "momentum", options.momentum ?? 0.99, { min: 0, max: 1 })
    this.movingMeanInitializer = getInitializer(options.movingMeanInitializer ?? "zeros")
    this.movingVarianceInitializer = getInitializer(options.movingVarianceInitializer ?? "ones")
  }

  /** @throws ShapeError when the number of channels is not known. */
  override build(inputShape: DataShapes): void {
    const shape = [knownSize(this.name, singleShape(this.name, inputShape), this.axis)]
    this.addScaleAndShift(shape)
    const { movingMeanInitializer, movingVarianceInitializer } = this
    this.addWeight({ name: "moving_mean", shape, initializer: movingMeanInitializer, trainable: false })
    this.addWeight({ name: "moving_variance", shape, initializer: movingVarianceInitializer, trainable: false })
    super.build(inputShape)
  }

  override call(x: Tensor, { training }: CallOptions = {}): Tensor {
    const { axis, epsilon } = this
    const [gamma, beta] = [this.findWeight("gamma"), this.findWeight("beta")]
    const [movingMean, movingVariance] = [this.weight("moving_mean"), this.weight("moving_variance")]
    if (!training || !this.trainable) {
      return batchNormInference(x, movingMean, movingVariance, gamma, beta, { axis, epsilon })
    }
    const { y, mean, variance } = batchNorm(x, gamma, beta, { axis, epsilon })
    // No samples have no mean to move towards.
    if (x.size === 0) return y
    deferUpdate(() => {
      move(movingMean, mean, this.momentum)
      move(movingVariance, variance, this.momentum)
    })
    return y
  }

  override options(): Record<string, unknown> {
    const { axis, momentum, movingMeanInitializer, movingVarianceInitializer } = this
    return { ...super.options(), axis, momentum, movingMeanInitializer, movingVarianceInitializer }
  }
}

/** moving = momentum moving + (1 - momentum) batch. */
function move(moving: Weight, batch: Tensor, momentum: number): void {
  const [to, from] = [moving.write(), batch.read()]
  for (let i = 0; i < to.length; i++) to[i] = momentum * (to[i] ?? 0) + (1 - momentum) * (from[i] ?? 0)
}

/** Keras 2 writes the axis as a list of one. */
function checkAxis(value: unknown): number {
  const axis: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (typeof axis === "number" && Number.isInteger(axis)) return axis
  throw new OptionError(`BatchNormalization: axis must be an integer, got ${describe(value)}`)
}
