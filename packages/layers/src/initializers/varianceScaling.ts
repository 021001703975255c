import {
  type Buffer,
  checkChoice,
  checkKeys,
  checkNumber,
  fillTruncatedNormal,
  fillUniform,
  type Shape,
  type Stream,
} from "@selvedge/core"
import { entryOf } from "../config.ts"
import { nameOfClass } from "../configurable.ts"
import { Initializer, type SeedOptions } from "./initializer.ts"
import { scale } from "./random.ts"

const modes = ["fan_in", "fan_out", "fan_avg"] as const
const distributions = ["truncated_normal", "untruncated_normal", "uniform"] as const
const spellings: Readonly<Record<string, string>> = { normal: "truncated_normal" }

/** Standard deviation of the standard normal distribution cut off beyond -2 and 2. */
const TRUNCATED_STDDEV = 0.87962566103423978

/** Options of `VarianceScaling`. */
export interface VarianceScalingOptions extends SeedOptions {
  /** Default 1. */
  readonly scale?: number
  /** What the scale is divided by: inputs, outputs or their mean. Default `"fan_in"`. */
  readonly mode?: (typeof modes)[number]
  /** Default `"truncated_normal"`. */
  readonly distribution?: (typeof distributions)[number] | "normal"
}

/**
 * Random values whose variance is scale / n, where n is the number of inputs, outputs or their mean.
 *
 *   uniform             in [-l, l), l = sqrt(3 scale / n)
 *   untruncated_normal  sigma = sqrt(scale / n)
 *   truncated_normal    cut off beyond 2 sigma, sigma = sqrt(scale / n) / 0.8796: the variance after the cut is scale / n
 *
 * For a convolution kernel, inputs and outputs are counted over the receptive field.
 * [Keras](https://keras.io/api/layers/initializers/#variancescaling-class); He et al., "Delving Deep into Rectifiers", 2015.
 */
export class VarianceScaling extends Initializer {
  static override readonly className: string = "VarianceScaling"
  readonly scale: number
  readonly mode: (typeof modes)[number]
  readonly distribution: (typeof distributions)[number]

  /** @throws OptionError for an unknown option, a scale that is not positive, or an unknown mode or distribution. */
  constructor(options: VarianceScalingOptions = {}) {
    super(options, ["scale", "mode", "distribution", "seed"])
    const owner = nameOfClass(new.target)
    const { distribution = "truncated_normal", mode = "fan_in" } = options
    this.scale = checkNumber(owner, "scale", options.scale ?? 1, { above: 0 })
    this.mode = checkChoice(owner, "mode", mode, modes)
    this.distribution = checkChoice(
      owner,
      "distribution",
      entryOf(spellings, distribution) ?? distribution,
      distributions,
    )
  }

  fill(out: Buffer, shape: Shape, from: Stream): void {
    const [fanIn, fanOut] = computeFans(shape)
    const n = { fan_in: fanIn, fan_out: fanOut, fan_avg: (fanIn + fanOut) / 2 }[this.mode]
    const variance = this.scale / Math.max(1, n)
    if (this.distribution === "uniform") {
      const limit = Math.sqrt(3 * variance)
      fillUniform(out, from, 2 * limit, -limit)
    } else if (this.distribution === "untruncated_normal") {
      scale(from.normal(out), Math.sqrt(variance), 0)
    } else {
      fillTruncatedNormal(out, from, Math.sqrt(variance) / TRUNCATED_STDDEV)
    }
  }

  override options(): Record<string, unknown> {
    return { scale: this.scale, mode: this.mode, distribution: this.distribution, seed: this.seed }
  }
}

/** How many numbers flow into and out of each unit that a weight of this shape connects. */
export function computeFans(shape: Shape): [fanIn: number, fanOut: number] {
  const inputs = shape[shape.length - 2]
  const outputs = shape[shape.length - 1] ?? 1
  if (inputs === undefined) return [outputs, outputs]
  const field = shape.slice(0, -2).reduce((product, n) => product * n, 1)
  return [inputs * field, outputs * field]
}

/** A variance scaling with everything but the seed settled. */
abstract class Preset extends VarianceScaling {
  constructor(options: SeedOptions, preset: VarianceScalingOptions) {
    checkKeys(nameOfClass(new.target), options, ["seed"])
    super({ ...options, ...preset })
  }

  override options(): Record<string, unknown> {
    return { seed: this.seed }
  }
}

/** Glorot and Bengio 2010: variance 2 / (in + out), truncated normal. [Keras](https://keras.io/api/layers/initializers/#glorotnormal-class) */
export class GlorotNormal extends Preset {
  static override readonly className: string = "GlorotNormal"

  /** @throws OptionError for an unknown option. */
  constructor(options: SeedOptions = {}) {
    super(options, { mode: "fan_avg" })
  }
}

/** Glorot and Bengio 2010: variance 2 / (in + out), uniform. Keras's default for kernels. [Keras](https://keras.io/api/layers/initializers/#glorotuniform-class) */
export class GlorotUniform extends Preset {
  static override readonly className: string = "GlorotUniform"

  /** @throws OptionError for an unknown option. */
  constructor(options: SeedOptions = {}) {
    super(options, { mode: "fan_avg", distribution: "uniform" })
  }
}

/** He et al. 2015: variance 2 / in, truncated normal, for ReLU and its kin. [Keras](https://keras.io/api/layers/initializers/#henormal-class) */
export class HeNormal extends Preset {
  static override readonly className: string = "HeNormal"

  /** @throws OptionError for an unknown option. */
  constructor(options: SeedOptions = {}) {
    super(options, { scale: 2 })
  }
}

/** He et al. 2015: variance 2 / in, uniform. [Keras](https://keras.io/api/layers/initializers/#heuniform-class) */
export class HeUniform extends Preset {
  static override readonly className: string = "HeUniform"

  /** @throws OptionError for an unknown option. */
  constructor(options: SeedOptions = {}) {
    super(options, { scale: 2, distribution: "uniform" })
  }
}

/** LeCun et al. 1998: variance 1 / in, truncated normal, for SELU. [Keras](https://keras.io/api/layers/initializers/#lecunnormal-class) */
export class LecunNormal extends Preset {
  static override readonly className: string = "LecunNormal"

  /** @throws OptionError for an unknown option. */
  constructor(options: SeedOptions = {}) {
    super(options, {})
  }
}

/** LeCun et al. 1998: variance 1 / in, uniform. [Keras](https://keras.io/api/layers/initializers/#lecununiform-class) */
export class LecunUniform extends Preset {
  static override readonly className: string = "LecunUniform"

  /** @throws OptionError for an unknown option. */
  constructor(options: SeedOptions = {}) {
    super(options, { distribution: "uniform" })
  }
}
