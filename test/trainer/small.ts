import { stream } from "@selvedge/core"
import { Dense, type Layer, Sequential } from "@selvedge/layers"
import { type CompileOptions, compile } from "@selvedge/trainer"

/** Points around three centres, and which centre each belongs to. */
export function blobs(count: number, seed = 1) {
  const noise = stream(seed, "test", "blobs").normal(new Float32Array(count * 2))
  const labels = Float32Array.from({ length: count }, (_, i) => i % 3)
  const centres = [
    [2, 0],
    [-1, 2],
    [-1, -2],
  ]
  const data = noise.map((x, i) => 0.6 * x + centres[Math.floor(i / 2) % 3][i % 2])
  return { x: { data, shape: [count, 2] }, y: labels }
}

export function smallModel(layers?: Layer[], seed = 7): Sequential {
  const own = layers ?? [new Dense(8, { activation: "relu", inputShape: [2] }), new Dense(3, { activation: "softmax" })]
  return new Sequential(own, { seed })
}

export const classifier = (options: Partial<CompileOptions> = {}, layers?: Layer[]) =>
  compile(smallModel(layers), {
    loss: "sparse_categorical_crossentropy",
    optimizer: "adam",
    metrics: ["accuracy"],
    seed: 5,
    ...options,
  })
