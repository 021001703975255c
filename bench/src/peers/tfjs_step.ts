import { createRequire } from "node:module"
import { dirname } from "node:path"
import * as tf from "@tensorflow/tfjs"
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm"
import type { Row } from "../nets.ts"
import { answer } from "./answer.ts"

/** One row of the step suite in TensorFlow.js. Arguments: row, batch, backend. It has no Nadam. */
const [row = "sgd", batchText = "32", backend = "cpu"] = process.argv.slice(2)
const batch = Number(batchText)
const epochSteps = 64

type Networks = Record<Exclude<Row, "dropout_nadam">, () => { hidden: tf.layers.Layer[]; optimizer: tf.Optimizer }>

const dense = (units: number, activation: "relu" | "selu", kernelInitializer: "heNormal" | "leCunNormal") =>
  tf.layers.dense({ units, activation, kernelInitializer })
const mlp = () => [dense(300, "relu", "heNormal"), dense(100, "relu", "heNormal")]
const norm = () => tf.layers.batchNormalization()

const networks: Networks = {
  sgd: () => ({ hidden: mlp(), optimizer: tf.train.sgd(1e-3) }),
  adam: () => ({ hidden: mlp(), optimizer: tf.train.adam() }),
  batch_norm: () => {
    const [first, second] = mlp()
    return {
      hidden: [norm(), ...(first ? [first] : []), norm(), ...(second ? [second] : []), norm()],
      optimizer: tf.train.sgd(1e-3),
    }
  },
  selu_100: () => ({
    hidden: Array.from({ length: 100 }, (_, i) => dense(i === 0 ? 300 : 100, "selu", "leCunNormal")),
    optimizer: tf.train.sgd(1e-3),
  }),
}

async function main(): Promise<void> {
  if (backend === "wasm") {
    setWasmPaths(`${dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"))}/`)
  }
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend "${backend}" here`)
  const { hidden, optimizer } = networks[row as keyof Networks]()
  const layers = [tf.layers.flatten({ inputShape: [28, 28] }), ...hidden]
  const model = tf.sequential({ layers: [...layers, tf.layers.dense({ units: 10, activation: "softmax" })] })
  model.compile({ loss: "sparseCategoricalCrossentropy", optimizer, metrics: ["accuracy"] })
  const x = tf.randomUniform([batch * epochSteps, 28, 28])
  const y = tf.tensor1d(Array.from({ length: batch * epochSteps }, (_, i) => (i * 7) % 10))
  const fit = async (steps: number, epochs: number) => {
    const [images, labels] = [x.slice(0, steps * batch), y.slice(0, steps * batch)]
    await model.fit(images, labels, { batchSize: batch, epochs, verbose: 0, yieldEvery: "never" })
    images.dispose()
    labels.dispose()
  }
  await answer(async steps => {
    const [epochs, rest] = [Math.floor(steps / epochSteps), steps % epochSteps]
    if (epochs > 0) await fit(epochSteps, epochs)
    if (rest > 0) await fit(rest, 1)
  })
}

await main()
