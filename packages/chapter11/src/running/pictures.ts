import { noGrad, type Tensor, tensor } from "@selvedge/core"
import { Flatten, type Layer, type Sequential } from "@selvedge/layers"
import { plotConfusion, plotHistogram, plotHistory, plotImages, plotLines } from "@selvedge/report"
import type { ChapterData } from "../data.ts"
import type { Draw } from "../experiment.ts"
import { bestOf, confusionCounts, rowOf } from "../predictions.ts"

/** The learning curves of a run, or null before its first epoch. */
export function curvesPlot(title: string, history: Readonly<Record<string, readonly number[]>>): Draw | null {
  const metrics = ["loss", "accuracy"].filter(name => (history[name]?.length ?? 0) > 0)
  const { loss = [], accuracy = [], val_loss = [], val_accuracy = [] } = history
  if (metrics.length === 0) return null
  return size => plotHistory({ loss, accuracy, val_loss, val_accuracy }, { title, metrics, ...size })
}

/** The learning rate over the steps, or null where it never changes. */
export function ratePlot(title: string, steps: readonly number[], rates: readonly number[]): Draw | null {
  if (new Set(rates).size < 2) return null
  const line = { name: "learning rate", x: steps, y: rates }
  return size => plotLines(line, { title, xLabel: "Step", yLabel: "Learning rate", ...size })
}

/** How often images of each class were taken for each. */
export function confusionPlot(title: string, probabilities: ArrayLike<number>, data: ChapterData): Draw {
  const { test, classNames } = data
  const counts = confusionCounts(probabilities, test.labels, classNames.length)
  // Of one width: squeezed for a phone its cells would have no room for their numbers.
  return () => plotConfusion(counts, classNames, { title })
}

/** The first test images and the first mistakes among them, with what they were taken for. */
export function predictionsPlot(title: string, probabilities: ArrayLike<number>, data: ChapterData): Draw {
  const { test, classNames } = data
  const size = probabilities.length / test.labels.length
  const best = Array.from(test.labels, (_, i) => bestOf(rowOf(probabilities, i, size)))
  const wrong = (i: number) => best[i]?.label !== test.labels[i]
  const all = Array.from(test.labels, (_, i) => i)
  const chosen = [...all.slice(0, 10), ...all.slice(10).filter(wrong).slice(0, 10)]
  const pixels = test.images.length / test.labels.length
  const images = chosen.flatMap(i => [...test.images.subarray(i * pixels, (i + 1) * pixels)])
  const captions = chosen.map(i => {
    const { label = 0, probability = Number.NaN } = best[i] ?? {}
    const guess = `${classNames[label]} ${(100 * probability).toFixed(0)} %`
    return wrong(i) ? `${guess}\ntruly ${classNames[test.labels[i] ?? 0]}` : guess
  })
  const shape = [chosen.length, ...test.shape.slice(1)]
  const options = { title, captions, wrong: chosen.map(wrong), range: [0, 255] } as const
  return ({ width }) => plotImages(images, shape, { ...options, ...(width ? { width } : { columns: 5 }) })
}

/** How many layers are looked at: of a deep network every so many. */
const mostLayers = 9

/** What a layer gives for some images. */
export interface Activity {
  readonly name: string
  readonly values: ArrayLike<number>
}

/** The outputs of a network's layers, of a deep one's every so many, for a batch of images. */
export function activity(model: Sequential, images: { data: ArrayLike<number>; shape: readonly number[] }): Activity[] {
  const seen: { layer: Layer; y: Tensor }[] = []
  noGrad(() => {
    let y = tensor(Float32Array.from(images.data), images.shape)
    for (const layer of model.layers) {
      const x = y
      y = layer.apply(x)
      // Dropout that is off gives back what it got.
      if (y !== x && !(layer instanceof Flatten)) seen.push({ layer, y })
    }
  })
  const every = Math.max(1, Math.ceil(seen.length / mostLayers))
  return seen.filter((_, i) => i % every === 0).map(({ layer, y }) => ({ name: layer.name, values: y.data }))
}

/** Histograms of the outputs of layers. */
export function activityPlot(title: string, layers: readonly Activity[]): Draw | null {
  const finite = layers.filter(({ values }) => Array.from(values).some(Number.isFinite))
  if (finite.length === 0) return null
  const named = Object.fromEntries(finite.map(({ name, values }) => [name, values]))
  return size => plotHistogram(named, { title, xLabel: "Output", shareX: false, ...size })
}
