import { AlphaDropout, Dense, Flatten, Sequential } from "@selvedge/layers"
import { mcPredict, SGD } from "@selvedge/trainer"
import type { Training } from "../experiment.ts"
import { share } from "../predictions.ts"
import { evaluate } from "../train.ts"

/** Samples of each prediction. */
const samples = 20

/** Dropout that keeps SELU's self-normalisation, then tested with and without dropout. */
export const alpha_dropout: Training = {
  title: "Alpha dropout",
  epochs: 20,
  pixels: "standardized",
  learningRate: 0.01,
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        new AlphaDropout(0.2),
        new Dense(300, { activation: "selu", kernelInitializer: "lecun_normal" }),
        new AlphaDropout(0.2),
        new Dense(100, { activation: "selu", kernelInitializer: "lecun_normal" }),
        new AlphaDropout(0.2),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
  optimizer: ({ learningRate }) => new SGD({ learningRate, momentum: 0.9, nesterov: true }),
  async after(lab, trainer) {
    const { train, test } = await lab.prepared("fashion", "standardized")
    const { loss = Number.NaN, accuracy = Number.NaN } = await evaluate(trainer, train)
    lab.fact("train", [loss, accuracy])
    lab.print(`Training images without dropout: loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}`)
    const { mean } = mcPredict(trainer.model, test.x, { samples })
    const { test: images } = await lab.data()
    const right = share(mean.data, images.labels)
    lab.fact("mc_accuracy", right)
    lab.fact("mc_samples", samples)
    lab.print(`Test accuracy of the mean of ${samples} passes with dropout: ${right.toFixed(4)}`)
  },
}
