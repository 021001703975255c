import { Dense, Flatten, Sequential } from "@selvedge/layers"
import { plotLines } from "@selvedge/report"
import { Adagrad, Adam, Adamax, AdamW, Nadam, type Optimizer, RMSprop, SGD } from "@selvedge/trainer"
import type { Study, Training } from "../experiment.ts"
import type { Outcome } from "../train.ts"

const learningRate = 0.001

/** The contestants, as the book writes them. */
const contestants: Readonly<Record<string, () => Optimizer>> = {
  SGD: () => new SGD({ learningRate }),
  momentum: () => new SGD({ learningRate, momentum: 0.9 }),
  Nesterov: () => new SGD({ learningRate, momentum: 0.9, nesterov: true }),
  Adagrad: () => new Adagrad({ learningRate }),
  RMSprop: () => new RMSprop({ learningRate, rho: 0.9 }),
  Adam: () => new Adam({ learningRate, beta1: 0.9, beta2: 0.999 }),
  Adamax: () => new Adamax({ learningRate, beta1: 0.9, beta2: 0.999 }),
  Nadam: () => new Nadam({ learningRate, beta1: 0.9, beta2: 0.999 }),
  // The book's weight decay of 1e-5, times the rate, is too little to change a float32: Keras's default of 0.004 instead.
  AdamW: () => new AdamW({ learningRate, beta1: 0.9, beta2: 0.999 }),
}

const network: Omit<Training, "optimizer"> = {
  title: "Three layers of a hundred rectifiers",
  epochs: 10,
  model: seed =>
    new Sequential(
      [
        new Flatten({ inputShape: [28, 28] }),
        ...[100, 100, 100].map(units => new Dense(units, { activation: "relu", kernelInitializer: "he_normal" })),
        new Dense(10, { activation: "softmax" }),
      ],
      { seed },
    ),
}

/** Nine optimizers from the same weights in the same order of images. The winner's curves stand for the run. */
export const optimizers: Study = {
  title: "Optimizers: a race",
  epochs: 90,
  async run(lab) {
    const race: [name: string, outcome: Outcome][] = []
    for (const [name, optimizer] of Object.entries(contestants)) {
      const outcome = await lab.train({ ...network, optimizer }, { name, epochs: lab.epochs(network.epochs) })
      race.push([name, outcome])
      const { loss, accuracy } = outcome.test
      lab.print(`${name.padEnd(9)} test loss ${loss.toFixed(4)}, accuracy ${accuracy.toFixed(4)}`)
    }
    for (const metric of ["val_loss", "val_accuracy"]) {
      const lines = race.map(([name, { history }]) => ({
        name,
        y: history.history[metric] ?? [],
        x: history.epoch.map(epoch => epoch + 1),
      }))
      const title = `Nine optimizers: ${metric === "val_loss" ? "validation loss" : "validation accuracy"}`
      await lab.figure(`optimizers_${metric}_plot`, size =>
        plotLines(lines, { title, xLabel: "Epoch", height: 420, ...size }),
      )
    }
    const [winner] = race.toSorted(([, a], [, b]) => b.test.accuracy - a.test.accuracy)
    if (!winner) return
    const [name, { history, test }] = winner
    lab.fact("winner", name)
    const seconds = race.reduce((sum, [, outcome]) => sum + outcome.seconds, 0)
    lab.result({ history: history.history, seconds, test: [test.loss, test.accuracy] })
  },
}
