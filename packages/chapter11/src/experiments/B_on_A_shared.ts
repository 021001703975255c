import { loadModel } from "@selvedge/formats"
import { cloneModel, Dense, Sequential } from "@selvedge/layers"
import type { Study } from "../experiment.ts"
import { evaluate } from "../train.ts"
import { printVerdict } from "./B_on_A.ts"
import { model_A } from "./model_A.ts"
import { model_B } from "./model_B.ts"

/** The plain form: B takes over A's layers and nothing is frozen. That changes A, and a clone keeps what A was. */
export const B_on_A_shared: Study = {
  title: "B on A: layers shared, nothing frozen, 16 epochs",
  epochs: 16,
  images: "B",
  needs: ["model_A", "model_B"],
  async run(lab) {
    const modelA = await loadModel(lab.fileOf("model_A", "my_model_A.h5"))
    if (!(modelA instanceof Sequential)) return
    const clone = cloneModel(modelA, { weights: true })
    const head = new Dense(1, { activation: "sigmoid", name: "head" })
    const model = new Sequential([...modelA.layers.slice(0, -1), head], { seed: lab.seed })
    const { history, seconds, test } = await lab.train(model_B, { model, epochs: lab.epochs(16) })

    lab.result({ history: history.history, seconds, test: [test.loss, test.accuracy] })
    await printVerdict(lab, test.accuracy)
    const images = await lab.prepared("A")
    for (const [name, network] of [
      ["A after B was trained on its layers", modelA],
      ["A's clone", clone],
    ] as const) {
      const { accuracy = Number.NaN } = await evaluate(
        await lab.trainer({ ...model_A, model: () => network }),
        images.test,
      )
      lab.print(`${name}: test accuracy ${accuracy.toFixed(4)}`)
      lab.fact(name, accuracy)
    }
  },
}
