import { AlphaDropout } from "@selvedge/layers"
import { mcPredict, Nadam } from "@selvedge/trainer"
import { deepCifarNetwork, sayBest, stopEarly } from "../cifar.ts"
import { firstExamples } from "../data.ts"
import type { Training } from "../experiment.ts"
import { share } from "../predictions.ts"

/** Passes of each image with dropout on. */
const samples = 10

/** Exercise 8 e: SELU with alpha dropout, and the same network with MC dropout. */
export const cifar10_alpha_dropout: Training = {
  title: "Exercise 8: alpha dropout, then MC dropout",
  epochs: 100,
  images: "cifar10",
  pixels: "standardized",
  learningRate: 5e-4,
  model: seed =>
    deepCifarNetwork(seed, {
      activation: "selu",
      kernelInitializer: "lecun_normal",
      beforeOutput: () => new AlphaDropout(0.1),
    }),
  optimizer: ({ learningRate }) => new Nadam({ learningRate }),
  callbacks: stopEarly,
  async after(lab, trainer) {
    await sayBest(lab, trainer, "standardized")
    const { validation } = await lab.prepared("cifar10", "standardized")
    const { validation: images } = await lab.data("cifar10")
    const { mean } = mcPredict(trainer.model, firstExamples(validation, validation.count), { samples })
    const right = share(mean.data, images.labels)
    lab.print(`Validation accuracy of the mean of ${samples} passes with dropout: ${right.toFixed(4)}`)
    lab.fact("mc_accuracy", right)
    lab.fact("mc_samples", samples)
  },
}
