import { defaultDevice, init, jit, nn, numpy as np, type numpy, random, tree, valueAndGrad } from "@jax-js/jax"
import { answer } from "./answer.ts"

/** Rows of the step suite in jax-js: a jitted step without a fit loop. Arguments: row (sgd or selu_100), batch. */
const [row = "sgd", batchText = "32"] = process.argv.slice(2)
const batch = Number(batchText)
const epochSteps = 64

type Weights = { w: numpy.Array; b: numpy.Array }[]

function weights(sizes: readonly number[], gain: number): Weights {
  return sizes.slice(1).map((n, i) => {
    const inputs = sizes[i] ?? 1
    return { w: random.normal(random.key(i), [inputs, n]).mul(Math.sqrt(gain / inputs)), b: np.zeros([n]) }
  })
}

const activation = row === "selu_100" ? nn.selu : nn.relu

function loss(layers: Weights, x: numpy.Array, y: numpy.Array): numpy.Array {
  const logits = layers.reduce((h, { w, b }, i) => {
    const z = np.matmul(h, w).add(b)
    return i < layers.length - 1 ? activation(z) : z
  }, x)
  return nn
    .logSoftmax(logits)
    .mul(nn.oneHot(y, 10))
    .sum()
    .mul(-1 / batch)
}

const step = jit((layers: Weights, x: numpy.Array, y: numpy.Array): [numpy.Array, Weights] => {
  const [value, gradients] = valueAndGrad(loss)(tree.ref(layers) as Weights, x, y)
  const next = layers.map(({ w, b }, i) => {
    const g = gradients[i] as Weights[number]
    return { w: w.sub(g.w.mul(1e-3)), b: b.sub(g.b.mul(1e-3)) }
  })
  return [value, next]
})

async function main(): Promise<void> {
  await init("wasm")
  defaultDevice("wasm")
  const hidden = row === "selu_100" ? [300, ...Array.from({ length: 99 }, () => 100)] : [300, 100]
  let layers: Weights = weights([784, ...hidden, 10], row === "selu_100" ? 1 : 2)
  const images = Array.from({ length: epochSteps }, (_, s) =>
    np.array(Float32Array.from({ length: batch * 784 }, (_x, i) => ((i * 7919 + s) % 256) / 256)).reshape([batch, 784]),
  )
  const labels = images.map(() => np.array(Int32Array.from({ length: batch }, (_, i) => (i * 7) % 10)))
  let at = 0
  await answer(async steps => {
    for (let s = 0; s < steps; s++, at = (at + 1) % epochSteps) {
      const [x, y] = [images[at], labels[at]]
      if (!x || !y) continue
      const [value, next] = step(layers, x.ref, y.ref) as [numpy.Array, Weights]
      layers = next
      await value.data()
    }
  })
}

await main()
