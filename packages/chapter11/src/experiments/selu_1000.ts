import { matmul, mean, randomNormal, selu, std, stream } from "@selvedge/core"
import { plotLines } from "@selvedge/report"
import type { Study } from "../experiment.ts"

/** Activations through a thousand SELU layers, which keep mean 0 and deviation 1 by themselves. */
export const selu_1000: Study = {
  title: "Self-normalisation: a thousand SELU layers",
  epochs: 0,
  async run(lab) {
    let z = randomNormal([500, 100], { stream: stream(lab.seed, "selu_1000", "inputs") })
    const means: number[] = []
    const deviations: number[] = []
    for (let layer = 0; layer < 1000; layer++) {
      // LeCun initialisation.
      const weights = randomNormal([100, 100], {
        stddev: Math.sqrt(1 / 100),
        stream: stream(lab.seed, "selu_1000", "weights", layer),
      })
      z = selu(matmul(z, weights))
      means.push(mean(mean(z, { axis: 0 })).item())
      deviations.push(mean(std(z, { axis: 0 })).item())
      if (layer % 100 === 0) {
        lab.print(`Layer ${layer}: mean ${fixed(means[layer])}, std deviation ${fixed(deviations[layer])}`)
      }
    }
    lab.fact("means", means)
    lab.fact("deviations", deviations)
    const lines = [
      { name: "mean", y: means },
      { name: "std deviation", y: deviations },
    ]
    const title = "Activations through 1,000 SELU layers"
    const options = { title, xLabel: "Layer", yDomain: [-0.5, 1.5] } as const
    await lab.figure("selu_1000_layers_plot", size => plotLines(lines, { ...options, ...size }))
  },
}

const fixed = (x = Number.NaN) => x.toFixed(2)
