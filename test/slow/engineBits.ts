import { createHash } from "node:crypto"
import { gemm, setArithmetic, setVectorWidth, stream } from "@selvedge/core"
import { syntheticGarments } from "@selvedge/datasets"
import { BatchNormalization, Dense, Dropout, Flatten, Sequential } from "@selvedge/layers"
import { bytesDataset, compile, Nadam } from "@selvedge/trainer"

// A program that runs under other engines than the tests': it prints what its vectors are and a hash of what it computed.
const asked = process.argv[3] === "portable" ? "portable" : "fused"
const width = process.argv[2] === "256" ? 256 : 128
if (process.argv[3] === "fused later") setVectorWidth(width)
const arithmetic = setArithmetic(asked)
const { bits, reason } = setVectorWidth(width)

/** Products of many sizes, edges in all directions, each often enough for the optimising compiler to have made its code. */
function products(): Float32Array[] {
  const sizes = [1, 3, 4, 5, 16, 31, 33, 100]
  const noise = stream(3, "test", "engines")
  const results: Float32Array[] = []
  for (let i = 0; i < 300; i++) {
    const [m, n, k] = [sizes[i % 8]!, sizes[(i >> 1) % 8]!, sizes[(i >> 3) % 8]! + (i % 3)]
    const [a, b, c] = [m * k, k * n, m * n].map(size => noise.normal(new Float32Array(size)))
    const options = { transposeA: i % 2 === 1, transposeB: i % 4 > 1, accumulate: i % 5 === 0 }
    gemm(a!, b!, c!, m, n, k, options)
    results.push(c!)
  }
  // Large enough to be packed: rows of A and of B, and columns.
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const [m, n, k] = [70, 301, 130]
      const [a, b, c] = [m * k, k * n, m * n].map(size => noise.normal(new Float32Array(size)))
      for (let i = 0; i < 20; i++) gemm(a!, b!, c!, m, n, k, { transposeA, transposeB, accumulate: i > 0 })
      results.push(c!)
    }
  }
  return results
}

/** Weights after training with everything that has kernels of its own: activations, norms, dropout, an optimizer. */
async function weights(): Promise<Float32Array[]> {
  const { train } = syntheticGarments({ train: 1600, test: 10, seed: 5 })
  const model = new Sequential(
    [
      new Flatten({ inputShape: [28, 28] }),
      new Dropout(0.2),
      new Dense(300, { activation: "elu", kernelInitializer: "he_normal" }),
      new BatchNormalization(),
      new Dense(100, { activation: "selu", kernelInitializer: "lecun_normal" }),
      new Dense(50, { activation: "gelu", kernelRegularizer: "l2" }),
      new Dense(10, { activation: "softmax" }),
    ],
    { seed: 42 },
  )
  const trainer = compile(model, {
    loss: "sparse_categorical_crossentropy",
    optimizer: new Nadam(),
    metrics: ["accuracy"],
  })
  await trainer.fit(bytesDataset({ images: train.images, labels: train.labels, shape: [28, 28] }), {
    epochs: 8,
    batchSize: 32,
    verbose: 0,
  })
  return model.getWeights()
}

const hash = createHash("sha256")
const results = [...products(), ...(await weights()), ...products()]
for (const values of results) hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
console.log(JSON.stringify({ node: process.versions.node, arithmetic, bits, reason, hash: hash.digest("hex") }))
