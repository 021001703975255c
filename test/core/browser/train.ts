import { randomNormal, stream } from "@selvedge/core"
import { Dense, Dropout, Sequential } from "@selvedge/layers"
import { compile, Nadam } from "@selvedge/trainer"

/** The bytes of the weights after some steps of a small network, whose products are large enough to be shared out. */
export function trainedBytes(steps: number): number[] {
  const layers = [
    new Dense(128, { activation: "selu", kernelInitializer: "lecun_normal", inputShape: [300] }),
    new Dropout(0.2),
    new Dense(4, { activation: "softmax" }),
  ]
  const model = new Sequential(layers, { seed: 42 })
  const trainer = compile(model, { loss: "sparse_categorical_crossentropy", optimizer: new Nadam() })
  const x = randomNormal([64, 300], { stream: stream(1, "test", "x") })
  const y = Float32Array.from({ length: 64 }, (_, i) => i % 4)
  for (let i = 0; i < steps; i++) trainer.trainOnBatch(x, y)
  return model.getWeights().flatMap(weight => [...new Uint8Array(Float32Array.from(weight).buffer)])
}
