import { setSeed } from "@selvedge/core"
import { loadModel } from "@selvedge/formats"
import { plotCalibration, plotImages } from "@selvedge/report"
import { compile, type McPrediction, mcPredict } from "@selvedge/trainer"
import { type ChapterData, firstExamples } from "../data.ts"
import type { Draw, Lab, Study } from "../experiment.ts"
import { bestOf, rowOf, share } from "../predictions.ts"

/** Passes of each image through the network with dropout on. */
const samples = 100

/** Monte Carlo dropout: a hundred predictions of the network of `alpha_dropout`, which differ where it is unsure. */
export const mc_dropout: Study = {
  title: "Monte Carlo dropout",
  epochs: 0,
  needs: ["alpha_dropout"],
  async run(lab) {
    setSeed(lab.seed)
    const data = await lab.data()
    const { test } = await lab.prepared("fashion", "standardized")
    const model = await loadModel(lab.fileOf("alpha_dropout", "model.keras"))
    const predicted = await compile(model, { loss: "sparse_categorical_crossentropy" }).predict(test.x)
    const certain = [predicted].flat()[0]?.data ?? []
    const some = lab.quick ? 20 : samples
    const uncertain = mcPredict(model, firstExamples(test, test.count), { samples: some })

    printFirst(lab, "Without dropout", certain, data)
    printFirst(lab, `Mean of ${some} passes`, uncertain.mean.data, data)
    printFirst(lab, "Their std deviation", uncertain.std.data, data)
    const [alone, together] = [share(certain, data.test.labels), share(uncertain.mean.data, data.test.labels)]
    lab.print(`Test accuracy without dropout ${alone.toFixed(4)}, of the mean of the passes ${together.toFixed(4)}`)
    lab.fact("accuracy", alone)
    lab.fact("mc_accuracy", together)
    lab.fact("mc_samples", some)

    const title = "Calibration on the test images"
    const models = {
      "without dropout": confidences(certain, data),
      "MC dropout": confidences(uncertain.mean.data, data),
    }
    await lab.figure("mc_dropout_calibration_plot", size => plotCalibration(models, { title, ...size }))
    await lab.figure("mc_dropout_uncertainty_plot", mostUncertain(uncertain, data))
  },
}

/** The book's table: what the network thinks of the first test image, class by class. */
function printFirst(lab: Lab, name: string, probabilities: ArrayLike<number>, { classNames }: ChapterData): void {
  const row = rowOf(probabilities, 0, classNames.length).map(p => p.toFixed(2))
  lab.print(`${name.padEnd(22)} [${row.join(" ")}]`)
  lab.fact(name, Object.fromEntries(classNames.map((className, i) => [className, Number(row[i])])))
}

function confidences(probabilities: ArrayLike<number>, { test, classNames }: ChapterData) {
  const best = Array.from(test.labels, (_, i) => bestOf(rowOf(probabilities, i, classNames.length)))
  return {
    confidence: best.map(({ probability }) => Math.min(1, probability)),
    correct: best.map(({ label }, i) => label === test.labels[i]),
  }
}

/** The images whose predictions have the largest entropy, with mean and deviation of the best class's probability. */
function mostUncertain({ mean, std, entropy }: McPrediction, { test, classNames }: ChapterData): Draw {
  const order = Array.from(entropy.data, (value, i) => ({ value, i })).sort((a, b) => b.value - a.value || a.i - b.i)
  const chosen = order.slice(0, 12).map(({ i }) => i)
  const pixels = Float32Array.from(chosen.flatMap(i => [...test.images.subarray(784 * i, 784 * (i + 1))]))
  const best = chosen.map(i => ({ i, ...bestOf(rowOf(mean.data, i, classNames.length)) }))
  const captions = best.map(({ i, label, probability }) => {
    const deviation = rowOf(std.data, i, classNames.length)[label] ?? Number.NaN
    return `${classNames[label]} ${probability.toFixed(2)} ± ${deviation.toFixed(2)}\ntruly ${classNames[test.labels[i] ?? 0]}`
  })
  const options = {
    title: "The twelve test images of which it is least sure",
    captions,
    wrong: best.map(({ i, label }) => label !== test.labels[i]),
    size: 84,
  }
  return ({ width }) =>
    plotImages(pixels, [chosen.length, 28, 28], { ...options, ...(width ? { width } : { columns: 4 }) })
}
