import { checkNumber } from "@selvedge/core"
import { complete, type Options } from "../config.ts"
import { cos, log, pow } from "../math.ts"
import { Schedule } from "./schedule.ts"

const { PI } = Math

/** From 1 at 0 to `alpha` at 1, along half a cosine wave. */
const cosineFall = (fraction: number, alpha: number) => (1 - alpha) * 0.5 * (1 + cos(PI * fraction)) + alpha

interface Cosine {
  initialLearningRate: number
  decaySteps: number
  alpha: number
  warmupTarget: number | null
  warmupSteps: number
}

/**
 * Half a cosine wave from `initialLearningRate` to `alpha` times it, over `decaySteps`; before it, when `warmupTarget`
 * is given, a line from `initialLearningRate` to `warmupTarget` over `warmupSteps`, from which the wave then falls.
 * Loshchilov & Hutter 2016, https://arxiv.org/abs/1608.03983;
 * https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay/
 * @throws OptionError for a missing or wrong option.
 */
export class CosineDecay extends Schedule {
  static override readonly className = "CosineDecay"
  protected readonly options: Cosine

  constructor(options: Options<Cosine>) {
    super()
    const defaults = {
      initialLearningRate: Number.NaN,
      decaySteps: Number.NaN,
      alpha: 0,
      warmupTarget: null,
      warmupSteps: 0,
    }
    const all = complete<Cosine>("CosineDecay", defaults, options)
    checkNumber("CosineDecay", "initialLearningRate", all.initialLearningRate)
    checkNumber("CosineDecay", "decaySteps", all.decaySteps, { above: 0 })
    checkNumber("CosineDecay", "alpha", all.alpha)
    checkNumber("CosineDecay", "warmupSteps", all.warmupSteps, { min: 0 })
    if (all.warmupTarget !== null) checkNumber("CosineDecay", "warmupTarget", all.warmupTarget)
    this.options = all
  }

  override at(step: number): number {
    const { initialLearningRate, decaySteps, alpha, warmupTarget, warmupSteps } = this.options
    if (warmupTarget === null) return initialLearningRate * cosineFall(Math.min(step, decaySteps) / decaySteps, alpha)
    if (step < warmupSteps) return initialLearningRate + (warmupTarget - initialLearningRate) * (step / warmupSteps)
    return warmupTarget * cosineFall(Math.min(step - warmupSteps, decaySteps) / decaySteps, alpha)
  }
}

interface Restarts {
  initialLearningRate: number
  firstDecaySteps: number
  tMul: number
  mMul: number
  alpha: number
}

/**
 * Cosine waves that start again: the first takes `firstDecaySteps`, each next one `tMul` times longer and `mMul` times
 * as high. Loshchilov & Hutter 2016, https://arxiv.org/abs/1608.03983;
 * https://keras.io/api/optimizers/learning_rate_schedules/cosine_decay_restarts/
 * @throws OptionError for a missing or wrong option.
 */
export class CosineDecayRestarts extends Schedule {
  static override readonly className = "CosineDecayRestarts"
  protected readonly options: Restarts

  constructor(options: Options<Restarts>) {
    super()
    const defaults = { initialLearningRate: Number.NaN, firstDecaySteps: Number.NaN, tMul: 2, mMul: 1, alpha: 0 }
    const all = complete<Restarts>("CosineDecayRestarts", defaults, options)
    checkNumber("CosineDecayRestarts", "initialLearningRate", all.initialLearningRate)
    checkNumber("CosineDecayRestarts", "firstDecaySteps", all.firstDecaySteps, { above: 0 })
    checkNumber("CosineDecayRestarts", "tMul", all.tMul, { above: 0 })
    checkNumber("CosineDecayRestarts", "mMul", all.mMul)
    checkNumber("CosineDecayRestarts", "alpha", all.alpha)
    this.options = all
  }

  override at(step: number): number {
    const { initialLearningRate, mMul, alpha } = this.options
    const [restart, fraction] = this.#wave(step / this.options.firstDecaySteps)
    return initialLearningRate * ((1 - alpha) * 0.5 * pow(mMul, restart) * (1 + cos(PI * fraction)) + alpha)
  }

  /** Which wave `progress` (in first waves) lies in, and how far into it. */
  #wave(progress: number): [restart: number, fraction: number] {
    const { tMul } = this.options
    if (tMul === 1) return [Math.floor(progress), progress - Math.floor(progress)]
    const restart = Math.floor(log(1 - progress * (1 - tMul)) / log(tMul))
    const length = pow(tMul, restart)
    return [restart, (progress - (1 - length) / (1 - tMul)) / length]
  }
}
