import { BatchNormalization, Dense, Dropout, Flatten, type Layer, Sequential } from "@selvedge/layers"
import { Adam, compile, Nadam, type Optimizer, SGD, type Trainer } from "@selvedge/trainer"

/** The five networks whose training steps are compared; `peers/*.py` have the same. */
export const rows = ["sgd", "adam", "batch_norm", "dropout_nadam", "selu_100"] as const

export type Row = (typeof rows)[number]

/** What each row is, for people. */
export const rowTitles: Record<Row, string> = {
  sgd: "MLP 784-300-100-10, SGD",
  adam: "same, Adam",
  batch_norm: "same, batch norm, SGD",
  dropout_nadam: "dropout, ELU, Nadam",
  selu_100: "100 SELU layers, SGD",
}

const he = { kernelInitializer: "he_normal" } as const
const selu = { activation: "selu", kernelInitializer: "lecun_normal" } as const

const mlp = () => [new Dense(300, { activation: "relu", ...he }), new Dense(100, { activation: "relu", ...he })]

const networks: Record<Row, () => { hidden: Layer[]; optimizer: Optimizer }> = {
  sgd: () => ({ hidden: mlp(), optimizer: new SGD({ learningRate: 1e-3 }) }),
  adam: () => ({ hidden: mlp(), optimizer: new Adam() }),
  batch_norm: () => ({
    hidden: [
      new BatchNormalization(),
      new Dense(300, { activation: "relu" }),
      new BatchNormalization(),
      new Dense(100, { activation: "relu" }),
      new BatchNormalization(),
    ],
    optimizer: new SGD({ learningRate: 1e-3 }),
  }),
  dropout_nadam: () => ({
    hidden: [
      new Dropout(0.2),
      new Dense(300, { activation: "elu", ...he }),
      new Dropout(0.2),
      new Dense(100, { activation: "elu", ...he }),
      new Dropout(0.2),
    ],
    optimizer: new Nadam(),
  }),
  selu_100: () => ({
    hidden: [new Dense(300, selu), ...Array.from({ length: 99 }, () => new Dense(100, selu))],
    optimizer: new SGD({ learningRate: 1e-3 }),
  }),
}

/** The trainer of a row, ready to fit. */
export function trainerOf(row: Row): Trainer {
  const { hidden, optimizer } = networks[row]()
  const model = new Sequential(
    [new Flatten({ inputShape: [28, 28] }), ...hidden, new Dense(10, { activation: "softmax" })],
    { seed: 42 },
  )
  return compile(model, { loss: "sparse_categorical_crossentropy", optimizer, metrics: ["accuracy"] })
}

/** Random images and labels, `count` of them. */
export function randomImages(count: number): {
  x: { data: Float32Array; shape: number[] }
  y: { data: Float32Array; shape: number[] }
} {
  const data = Float32Array.from({ length: count * 784 }, (_, i) => ((i * 2654435761) % 4096) / 4096)
  const labels = Float32Array.from({ length: count }, (_, i) => (i * 7) % 10)
  return { x: { data, shape: [count, 28, 28] }, y: { data: labels, shape: [count] } }
}
