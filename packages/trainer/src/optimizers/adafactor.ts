import {
  add,
  type Buffer,
  checkBoolean,
  div,
  elasticSum,
  matmul,
  mean,
  sqrt,
  square,
  type Tensor,
  watch,
  wrap,
} from "@selvedge/core"
import type { Options } from "../config.ts"
import { pow } from "../math.ts"
import { Optimizer } from "./optimizer.ts"
import { averageInto } from "./prepare.ts"
import { type CommonOptions, commonDefaults, settle } from "./settings.ts"
import { sgdUpdate } from "./sgd.ts"
import type { Step } from "./slots.ts"

interface AdafactorOptions extends CommonOptions {
  beta2Decay: number
  epsilon1: number
  epsilon2: number
  clipThreshold: number
  relativeStep: boolean
}

const defaults: AdafactorOptions = {
  ...commonDefaults,
  beta2Decay: -0.8,
  epsilon1: 1e-30,
  epsilon2: 1e-3,
  clipThreshold: 1,
  relativeStep: true,
}

const rowMeans = (shape: readonly number[]) => (shape.length < 2 ? [] : shape.slice(0, -1))
const columnMeans = (shape: readonly number[]) => (shape.length < 2 ? [] : [...shape.slice(0, -2), shape.at(-1)!])

/**
 * Adam's second moment kept as row and column means only (for weights of rank 2 and more), without first moment.
 *
 *   q = g² + epsilon1;  b = 1 - t^beta2Decay
 *   r = b r + (1 - b) mean(q, last axis);  c = b c + (1 - b) mean(q, axis before)
 *   v = r cᵀ / mean(r);  vectors: v = b v + (1 - b) q
 *   u = g / sqrt(v);  w -= max(epsilon2, rms(w)) min(rate, 1 / sqrt(t)) u / max(1, rms(u) / clipThreshold)
 *
 * Shazeer & Stern 2018, https://arxiv.org/abs/1804.04235; https://keras.io/api/optimizers/adafactor/
 * @throws OptionError for an unknown or wrong option.
 */
export class Adafactor extends Optimizer {
  static override readonly className = "Adafactor"
  protected readonly options: AdafactorOptions

  constructor(options: Options<AdafactorOptions> = {}) {
    super()
    this.options = settle("Adafactor", defaults, options, {
      beta2Decay: { below: 0 },
      epsilon1: { min: 0 },
      epsilon2: { min: 0 },
      clipThreshold: { above: 0 },
    })
    checkBoolean("Adafactor", "relativeStep", this.options.relativeStep)
  }

  protected override slotKinds() {
    return [[{ name: "row", shape: rowMeans }, { name: "column", shape: columnMeans }, { name: "velocity" }]]
  }

  protected override update(
    ...given: [w: Buffer, g: Buffer, slots: readonly Buffer[], step: Step, weight: Tensor]
  ): void {
    // Operations of an update are not the model's: nobody counts them.
    const watcher = watch(null)
    try {
      this.#update(...given)
    } finally {
      watch(watcher)
    }
  }

  #update(w: Buffer, g: Buffer, slots: readonly Buffer[], step: Step, { shape }: Tensor): void {
    const { beta2Decay, epsilon1, epsilon2, clipThreshold } = this.options
    const [r, c, v] = slots as [Buffer, Buffer, Buffer]
    const gradient = wrap(g, shape)
    const q = square(gradient)
    // The same as the mean of q + epsilon1, and fewer numbers to add it to.
    const moment = (axis: number) => add(mean(q, { axis }), epsilon1).read()
    const share = pow(step.t, beta2Decay)
    if (shape.length < 2) averageInto(add(q, epsilon1).read(), v, share)
    else {
      averageInto(moment(-1), r, share)
      averageInto(moment(-2), c, share)
      const rows = wrap(r, [...rowMeans(shape), 1])
      const columns = wrap(c, [...shape.slice(0, -2), 1, shape.at(-1)!])
      v.set(matmul(div(rows, mean(rows, { axis: -2, keepDims: true })), columns).read())
    }
    const u = div(gradient, sqrt(wrap(v, shape))).read()
    const rate = Math.max(epsilon2, rms(w)) * Math.min(step.learningRate, 1 / Math.sqrt(step.t))
    sgdUpdate(w, u, rate / Math.max(1, rms(u) / clipThreshold))
  }
}

const rms = (x: Buffer) => Math.sqrt(elasticSum(x, 0, 1) / x.length)
