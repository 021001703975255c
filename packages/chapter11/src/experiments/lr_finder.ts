import { plotLines } from "@selvedge/report"
import { findLearningRate, SGD } from "@selvedge/trainer"
import type { Study, Training } from "../experiment.ts"
import { seluNetwork } from "../networks.ts"

const range: Training = {
  title: "The network of the range test",
  epochs: 1,
  batchSize: 128,
  pixels: "standardized",
  model: seluNetwork,
  optimizer: ({ learningRate }) => new SGD({ learningRate }),
}

/** The range test: one epoch with a rate that grows from 1e-5 until the loss explodes. */
export const lr_finder: Study = {
  title: "Learning-rate range test for 1cycle",
  epochs: 1,
  async run(lab) {
    const trainer = await lab.trainer(range)
    const { train } = await lab.prepared("fashion", range.pixels)
    const { rates, losses, smoothed, suggestion } = await findLearningRate(trainer, train.x, train.y, {
      minRate: 1e-5,
      maxRate: 10,
      batchSize: 128,
    })
    lab.print(`Suggested learning rate: ${suggestion.toPrecision(2)}`)
    lab.fact("suggestion", suggestion)
    const lines = [
      { name: "loss", x: rates, y: losses },
      { name: "smoothed", x: rates, y: smoothed },
    ]
    const top = (losses[0] ?? 3) * 1.5
    await lab.figure("lr_finder_plot", size =>
      plotLines(lines, {
        title: "Learning-rate range test",
        xLabel: "Learning rate",
        yLabel: "Loss",
        xScale: "log",
        yDomain: [0, top],
        ...size,
      }),
    )
  },
}
