import { checkNumber, isTensor, noGrad, type Tensor } from "@selvedge/core"
import { type Inputs, type Layer, type Model, observe } from "@selvedge/layers"
import { type HistogramOptions, plotHistogram } from "./plotHistogram.ts"

/** Options of {@link activationHistograms}. */
export interface ActivationOptions extends HistogramOptions {
  /** How many layers are shown at most: of a deep model every so many, and the last. By default 12. */
  readonly most?: number
}

/**
 * What each layer of a model gives for a batch, in inference: the numbers by the layer's name, in the order in which the
 * layers ran, models inside opened. Layers that pass numbers on as they are (Flatten, Dropout) are left out.
 */
export function activationValues(model: Model, x: Inputs): Record<string, ArrayLike<number>> {
  const values: Record<string, ArrayLike<number>> = {}
  const seen: Tensor[] = [x].flat()
  const see = (layer: Layer, output: Tensor | readonly Tensor[]) => {
    const ys = isTensor(output) ? [output] : output
    const fresh = ys.filter(y => !seen.some(earlier => earlier.sharesStorage(y)))
    seen.push(...fresh)
    if ("layers" in layer) return
    fresh.forEach((y, i) => {
      const name = ys.length > 1 ? `${layer.name} ${i}` : layer.name
      values[name in values ? `${name} (again)` : name] = y.read()
    })
  }
  observe(see, () => noGrad(() => model.applyAll(x, { training: false })))
  return values
}

/**
 * Histograms of what each layer of a model gives for a batch, in inference: where units die, saturate or explode.
 *
 * @returns SVG text
 * @throws OptionError for an unknown option
 */
export function activationHistograms(model: Model, x: Inputs, options: ActivationOptions = {}): string {
  const { most = 12, ...rest } = options
  checkNumber("activationHistograms", "most", most, { integer: true, min: 1 })
  const all = Object.entries(activationValues(model, x))
  const every = Math.ceil(all.length / most)
  const shown = all.filter((_, i) => (all.length - 1 - i) % every === 0)
  return plotHistogram(Object.fromEntries(shown), { xLabel: "Output", shareX: false, ...rest })
}
