import { type Buffer, checkBoolean, type Tensor } from "@selvedge/core"
import type { Options } from "../config.ts"
import { pow } from "../math.ts"
import { Optimizer } from "./optimizer.ts"
import { type CommonOptions, commonDefaults, settle } from "./settings.ts"
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

  protected override update(w: Buffer, g: Buffer, slots: readonly Buffer[], step: Step, weight: Tensor): void {
    const { beta2Decay, epsilon1, epsilon2, clipThreshold } = this.options
    const [r, c, v] = slots
    const { learningRate, t } = step
    const rho = Math.min(learningRate, 1 / Math.sqrt(t))
    const alpha = Math.max(epsilon2, rms(w)) * rho
    const beta = 1 - pow(t, beta2Decay)
    if (weight.rank < 2) vectorMoment(g, v!, beta, epsilon1)
    else matrixMoment(g, r!, c!, v!, weight.shape.at(-2)!, weight.shape.at(-1)!, beta, epsilon1)
    factoredUpdate(w, g, v!, alpha, clipThreshold)
  }
}

function rms(x: Buffer): number {
  let sum = 0
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!
  return Math.sqrt(sum / x.length)
}

function vectorMoment(g: Buffer, v: Buffer, beta: number, epsilon: number): void {
  for (let i = 0; i < g.length; i++) v[i] = beta * v[i]! + (1 - beta) * (g[i]! * g[i]! + epsilon)
}

/** Each of the trailing matrices [rows, columns] of g on its own. */
function matrixMoment(
  g: Buffer,
  r: Buffer,
  c: Buffer,
  v: Buffer,
  rows: number,
  columns: number,
  beta: number,
  epsilon: number,
): void {
  for (let matrix = 0; matrix * rows * columns < g.length; matrix++) {
    const [at, atRow, atColumn] = [matrix * rows * columns, matrix * rows, matrix * columns]
    const square = (i: number, j: number) => g[at + i * columns + j]! * g[at + i * columns + j]! + epsilon
    let mean = 0
    for (let i = 0; i < rows; i++) {
      let sum = 0
      for (let j = 0; j < columns; j++) sum += square(i, j)
      r[atRow + i] = beta * r[atRow + i]! + ((1 - beta) * sum) / columns
      mean += r[atRow + i]! / rows
    }
    for (let j = 0; j < columns; j++) {
      let sum = 0
      for (let i = 0; i < rows; i++) sum += square(i, j)
      c[atColumn + j] = beta * c[atColumn + j]! + ((1 - beta) * sum) / rows
    }
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) v[at + i * columns + j] = (r[atRow + i]! / mean) * c[atColumn + j]!
    }
  }
}

function factoredUpdate(w: Buffer, g: Buffer, v: Buffer, alpha: number, clipThreshold: number): void {
  const u = new Float64Array(w.length)
  for (let i = 0; i < w.length; i++) u[i] = g[i]! / Math.sqrt(v[i]!)
  const scale = alpha / Math.max(1, rms(u) / clipThreshold)
  for (let i = 0; i < w.length; i++) w[i]! -= scale * u[i]!
}
