import { scaleImages, standardize as standardizeImages } from "@selvedge/datasets"
import { plotHistogram, plotImages } from "@selvedge/report"
import type { Study } from "../experiment.ts"

/** Mean 0 and deviation 1 at each pixel of the training images; validation and test images are treated alike. */
export const standardize: Study = {
  title: "Standardised inputs",
  epochs: 0,
  async run(lab) {
    const { train, validation, test } = await lab.data()
    const scaled = standardizeImages(scaleImages(train.images), [
      scaleImages(validation.images),
      scaleImages(test.images),
    ])
    const [ofValidation = new Float32Array(0), ofTest = new Float32Array(0)] = scaled.others
    const parts = { train: scaled.train, validation: ofValidation, test: ofTest }
    for (const [name, numbers] of Object.entries(parts)) {
      const { mean, std } = moments(numbers)
      lab.print(`${name.padEnd(10)} mean ${mean.toFixed(4)}, std deviation ${std.toFixed(4)}`)
      lab.fact(name, { mean, std })
    }
    const pixels = Float32Array.from([...normalized(scaled.mean), ...normalized(scaled.std)])
    const captions = ["mean", "std deviation"]
    const title = "Each pixel's mean and standard deviation"
    await lab.figure("pixel_means_plot", ({ width = 760 }) =>
      plotImages(pixels, [2, 28, 28], { title, captions, size: width < 500 ? 140 : 160, width }),
    )
    const some = ofValidation.subarray(0, 784 * Math.min(1000, validation.labels.length))
    const histogram = {
      title: "Standardised pixels of validation images",
      xLabel: "Pixel",
      domain: [-3, 5],
    } as const
    await lab.figure("standardized_pixels_plot", size => plotHistogram(some, { ...histogram, ...size }))
  },
}

function moments(numbers: Float32Array): { mean: number; std: number } {
  let sum = 0
  let squares = 0
  for (const x of numbers) {
    sum += x
    squares += x * x
  }
  const mean = sum / numbers.length
  return { mean, std: Math.sqrt(squares / numbers.length - mean * mean) }
}

/** From 0 to 1, to be looked at. */
function normalized(image: Float32Array): Float32Array {
  const most = Math.max(...image)
  return image.map(x => x / most)
}
