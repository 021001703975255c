import { loadModel } from "@selvedge/formats"
import { Dense, Sequential } from "@selvedge/layers"
import { joinHistories, type Lab, type Study } from "../experiment.ts"
import { model_B } from "./model_B.ts"

/** B on the layers of A: these are frozen until the new head has learned something, then all train. */
export const B_on_A: Study = {
  title: "B on A: frozen 4 epochs, then unfrozen for 16",
  epochs: 20,
  images: "B",
  needs: ["model_A", "model_B"],
  async run(lab) {
    const modelA = await loadModel(lab.fileOf("model_A", "my_model_A.h5"))
    const head = new Dense(1, { activation: "sigmoid", name: "head" })
    const model = new Sequential([...modelA.layers.slice(0, -1), head], { seed: lab.seed })
    const epochs = lab.epochs(20)
    const frozen = Math.max(1, Math.floor(epochs / 5))

    for (const layer of model.layers.slice(0, -1)) layer.trainable = false
    const first = await lab.train(model_B, { name: "frozen", model, epochs: frozen })

    for (const layer of model.layers.slice(0, -1)) layer.trainable = true
    const second = await lab.train(model_B, { name: "unfrozen", model, initialEpoch: frozen, epochs })

    lab.result({
      history: joinHistories(first.history, second.history),
      seconds: first.seconds + second.seconds,
      test: [second.test.loss, second.test.accuracy],
    })
    await printVerdict(lab, second.test.accuracy)
  },
}

/** The chapter's verdict: by what factor reusing A's layers lowers the test error of B. */
export async function printVerdict(lab: Lab, accuracy: number): Promise<void> {
  const { test: [, alone] = [0, Number.NaN] } = await lab.resultOf("model_B")
  const ratio = (100 - 100 * alone) / (100 - 100 * accuracy)
  const error = (x: number) => `${(100 - 100 * x).toFixed(2)} %`
  lab.print(`Test error of B: ${error(alone)} alone, ${error(accuracy)} on A: ratio ${ratio.toFixed(2)}`)
  lab.fact("ratio", ratio)
}
