import { checkKeys, isTensor, noGrad, ShapeError, type Tensor } from "@selvedge/core"
import { ActivationFunction } from "./activations.ts"
import { classNameOf } from "./configurable.ts"
import type { Inputs, Layer } from "./layer.ts"
import type { Model } from "./models/model.ts"
import { observe } from "./observe.ts"

/** What one layer's output looks like over a batch. */
export interface LayerStatistics {
  readonly name: string
  readonly className: string
  readonly mean: number
  /** Standard deviation, biased. */
  readonly std: number
  /** Share of units that are exactly 0 for every sample. */
  readonly dead: number
  /** Share of outputs on a flat end of the layer's activation (within 1 % of it); 0 where it has none. */
  readonly saturated: number
}

/** What `activationStatistics` may be told. */
export interface StatisticsOptions {
  /** Whether to run as in training. Default false. */
  readonly training?: boolean
}

/**
 * Mean, standard deviation, dead and saturated units of every layer's output for a batch, in the order in which the
 * layers ran, models inside opened. A network normalises itself when every mean stays near 0 and every std near 1.
 * @throws OptionError for an unknown option.
 */
export function activationStatistics(model: Model, x: Inputs, options: StatisticsOptions = {}): LayerStatistics[] {
  checkKeys("activationStatistics", options, ["training"])
  const { training = false } = options
  for (const input of isTensor(x) ? [x] : x) {
    if (input.size === 0)
      throw new ShapeError("activationStatistics: there are no samples", { facts: { x: input.shape } })
  }
  const found: LayerStatistics[] = []
  const see = (layer: Layer, output: Tensor | readonly Tensor[]) => {
    if (layer === model || "layers" in layer) return
    for (const y of isTensor(output) ? [output] : output) found.push(statisticsOf(layer, y))
  }
  observe(see, () => noGrad(() => model.applyAll(x, { training })))
  return found
}

function statisticsOf(layer: Layer, y: Tensor): LayerStatistics {
  const data = y.read()
  const n = data.length
  const units = n / Math.max(1, y.shape[0] ?? 1)
  const alive = new Uint8Array(units)
  const isFlat = flatEnds(layer)
  let [sum, squares, flat] = [0, 0, 0]
  for (let i = 0; i < n; i++) sum += data[i] ?? 0
  const mean = sum / n
  for (let i = 0; i < n; i++) {
    const value = data[i] ?? 0
    squares += (value - mean) * (value - mean)
    if (value !== 0) alive[i % units] = 1
    if (isFlat(value)) flat++
  }
  const dead = alive.reduce((count, unit) => count + (unit === 0 ? 1 : 0), 0) / units
  return {
    name: layer.name,
    className: classNameOf(layer),
    mean,
    std: Math.sqrt(squares / n),
    dead,
    saturated: flat / n,
  }
}

type Test = (value: number) => boolean

const never: Test = () => false
const nearOne: Test = value => value > 0.99 || value < -0.99
const nearZeroOrOne: Test = value => value > 0.99 || value < 0.01

// Where each activation is flat; ReLU's dead units are counted apart.
const ends: Readonly<Record<string, Test>> = {
  sigmoid: nearZeroOrOne,
  hard_sigmoid: nearZeroOrOne,
  tanh: nearOne,
  hard_tanh: nearOne,
  softsign: nearOne,
  selu: value => value < 0.99 * -1.7580993408473766,
  elu: value => value < -0.99,
  relu6: value => value > 0.99 * 6,
}

function flatEnds(layer: Layer): Test {
  if ("activation" in layer && layer.activation instanceof ActivationFunction)
    return ends[layer.activation.name] ?? never
  const className = classNameOf(layer)
  if (className === "SELU") return ends.selu ?? never
  if (className !== "ELU" || !("alpha" in layer)) return never
  const { alpha } = layer
  return typeof alpha === "number" ? value => value < -0.99 * alpha : never
}
