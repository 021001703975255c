import { checkNumber, OptionError, type Tensor } from "@selvedge/core"
import type { Options } from "../config.ts"
import { exp, log, log1p, tanh } from "../math.ts"
import { cosine } from "./cosine.ts"
import { Loss, type LossOptions, lossDefaults, settleLoss } from "./loss.ts"
import { type Pointwise, rowwise } from "./rowwise.ts"

/** Keras's epsilon. */
const EPSILON = 1e-7
const LN2 = Math.LN2

abstract class PointwiseLoss extends Loss {
  protected readonly options: LossOptions
  protected abstract readonly pointwise: Pointwise

  constructor(options: Options<LossOptions> = {}) {
    super()
    this.options = settleLoss(this.className, lossDefaults, options)
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    return rowwise(this.className, yTrue, yPred, this.pointwise)
  }
}

/** `mean((yPred - yTrue)²)`. https://keras.io/api/losses/regression_losses/ */
export class MeanSquaredError extends PointwiseLoss {
  static override readonly className = "MeanSquaredError"
  protected readonly pointwise = {
    value: (t: number, p: number) => (p - t) * (p - t),
    slope: (t: number, p: number) => 2 * (p - t),
  }
}

/** `mean(|yPred - yTrue|)`. https://keras.io/api/losses/regression_losses/ */
export class MeanAbsoluteError extends PointwiseLoss {
  static override readonly className = "MeanAbsoluteError"
  protected readonly pointwise = {
    value: (t: number, p: number) => Math.abs(p - t),
    slope: (t: number, p: number) => Math.sign(p - t),
  }
}

/** `100 mean(|yPred - yTrue| / max(|yTrue|, 1e-7))`. https://keras.io/api/losses/regression_losses/ */
export class MeanAbsolutePercentageError extends PointwiseLoss {
  static override readonly className = "MeanAbsolutePercentageError"
  protected readonly pointwise = {
    value: (t: number, p: number) => (100 * Math.abs(p - t)) / Math.max(Math.abs(t), EPSILON),
    slope: (t: number, p: number) => (100 * Math.sign(p - t)) / Math.max(Math.abs(t), EPSILON),
  }
}

const log1pFloor = (x: number) => log(Math.max(x, EPSILON) + 1)

/** `mean((log(1 + yPred) - log(1 + yTrue))²)`, both cut below at 1e-7. https://keras.io/api/losses/regression_losses/ */
export class MeanSquaredLogarithmicError extends PointwiseLoss {
  static override readonly className = "MeanSquaredLogarithmicError"
  protected readonly pointwise = {
    value: (t: number, p: number) => {
      const difference = log1pFloor(p) - log1pFloor(t)
      return difference * difference
    },
    slope: (t: number, p: number) => (p < EPSILON ? 0 : (2 * (log1pFloor(p) - log1pFloor(t))) / (p + 1)),
  }
}

/** `mean(log cosh(yPred - yTrue))`: a square near 0, an absolute value far off. */
export class LogCosh extends PointwiseLoss {
  static override readonly className = "LogCosh"
  protected readonly pointwise = {
    value: (t: number, p: number) => Math.abs(p - t) + log1p(exp(-2 * Math.abs(p - t))) - LN2,
    slope: (t: number, p: number) => tanh(p - t),
  }
}

/** `mean(yPred - yTrue log(yPred + 1e-7))`. https://keras.io/api/losses/probabilistic_losses/ */
export class Poisson extends PointwiseLoss {
  static override readonly className = "Poisson"
  protected readonly pointwise = {
    value: (t: number, p: number) => p - t * log(p + EPSILON),
    slope: (t: number, p: number) => 1 - t / (p + EPSILON),
  }
}

const toUnit = (x: number) => Math.max(EPSILON, Math.min(1, x))

/** `sum(yTrue log(yTrue / yPred))`, both cut to [1e-7, 1]. https://keras.io/api/losses/probabilistic_losses/ */
export class KLDivergence extends PointwiseLoss {
  static override readonly className = "KLDivergence"
  protected readonly pointwise = {
    value: (t: number, p: number) => toUnit(t) * log(toUnit(t) / toUnit(p)),
    slope: (t: number, p: number) => (p < EPSILON || p > 1 ? 0 : -toUnit(t) / p),
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    return rowwise(this.className, yTrue, yPred, this.pointwise, "sum")
  }
}

interface HuberOptions extends LossOptions {
  delta: number
}

/**
 * `mean(e² / 2 where |e| <= delta, else delta |e| - delta² / 2)` of `e = yPred - yTrue`.
 * Huber 1964; https://keras.io/api/losses/regression_losses/
 * @throws OptionError unless delta is positive.
 */
export class Huber extends Loss {
  static override readonly className = "Huber"
  protected readonly options: HuberOptions

  constructor(options: Options<HuberOptions> = {}) {
    super()
    this.options = settleLoss("Huber", { ...lossDefaults, delta: 1 }, options)
    checkNumber("Huber", "delta", this.options.delta, { above: 0 })
  }

  override get name(): string {
    return this.options.name ?? "huber_loss"
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    const { delta } = this.options
    return rowwise("Huber", yTrue, yPred, {
      value: (t, p) => {
        const e = Math.abs(p - t)
        return e <= delta ? 0.5 * e * e : delta * e - 0.5 * delta * delta
      },
      slope: (t, p) => Math.max(-delta, Math.min(delta, p - t)),
    })
  }
}

/** Labels 0 and 1 stand for -1 and 1; others stay. */
const signed = (yTrue: Tensor) => {
  const binary = yTrue.read().every(t => t === 0 || t === 1)
  return (t: number) => (binary ? 2 * t - 1 : t)
}

abstract class SignedLoss extends Loss {
  protected readonly options: LossOptions

  constructor(options: Options<LossOptions> = {}) {
    super()
    this.options = settleLoss(this.className, lossDefaults, options)
  }
}

/** `mean(max(1 - yTrue yPred, 0))`, labels -1 and 1 (or 0 and 1). https://keras.io/api/losses/hinge_losses/ */
export class Hinge extends SignedLoss {
  static override readonly className = "Hinge"

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    const sign = signed(yTrue)
    return rowwise("Hinge", yTrue, yPred, {
      value: (t, p) => Math.max(1 - sign(t) * p, 0),
      slope: (t, p) => (sign(t) * p < 1 ? -sign(t) : 0),
    })
  }
}

/** `mean(max(1 - yTrue yPred, 0)²)`, labels -1 and 1 (or 0 and 1). https://keras.io/api/losses/hinge_losses/ */
export class SquaredHinge extends SignedLoss {
  static override readonly className = "SquaredHinge"

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    const sign = signed(yTrue)
    const gap = (t: number, p: number) => Math.max(1 - sign(t) * p, 0)
    return rowwise("SquaredHinge", yTrue, yPred, {
      value: (t, p) => gap(t, p) * gap(t, p),
      slope: (t, p) => -2 * gap(t, p) * sign(t),
    })
  }
}

interface CosineOptions extends LossOptions {
  axis: number
}

/**
 * The cosine of the angle between yTrue and yPred along `axis`, times -1: -1 for the same direction.
 * https://keras.io/api/losses/regression_losses/
 * @throws OptionError for an axis that is not an integer.
 */
export class CosineSimilarity extends Loss {
  static override readonly className = "CosineSimilarity"
  protected readonly options: CosineOptions

  constructor(options: Options<CosineOptions> = {}) {
    super()
    this.options = settleLoss("CosineSimilarity", { ...lossDefaults, axis: -1 }, options)
    if (!Number.isInteger(this.options.axis)) throw new OptionError("CosineSimilarity: axis must be an integer")
  }

  override perSample(yTrue: Tensor, yPred: Tensor): Tensor {
    return cosine(yTrue, yPred, this.options.axis)
  }
}
