import { type Buffer, getKernels, stream } from "@selvedge/core"
import { Dense, input, Model } from "@selvedge/layers"
import { Adam, compile } from "@selvedge/trainer"
import { afterAll, afterEach, describe, expect, it, vi } from "vitest"
import type { ProductOptions } from "../../packages/core/src/kernels/gemmLoop.ts"
import { gemmLoop } from "../../packages/core/src/kernels/gemmLoop.ts"
import { stopWorkers } from "../../packages/core/src/kernels/pool.ts"
import { finishRuns } from "../../packages/core/src/kernels/queue.ts"
import { takeBlank } from "../../packages/core/src/storage.ts"
import { bitsOf, threadsReady } from "../core/kernels/twins.ts"

/** Whether the plain loop computes products, and how many products the loop, and whatever else, computed. */
const products = vi.hoisted(() => ({ plain: false, inLoop: 0, asked: 0 }))

vi.mock("../../packages/core/src/kernels/gemmLoop.ts", async original => {
  const actual = await original<typeof import("../../packages/core/src/kernels/gemmLoop.ts")>()
  const counted: typeof actual.gemmLoop = (...product) => {
    products.inLoop++
    actual.gemmLoop(...product)
  }
  return { ...actual, gemmLoop: counted }
})

vi.mock("../../packages/core/src/kernels/gemm.ts", async original => {
  const actual = await original<typeof import("../../packages/core/src/kernels/gemm.ts")>()
  const either =
    (kernel: typeof actual.gemm): typeof actual.gemm =>
    (...product) => {
      products.asked++
      if (products.plain) loop(...product)
      else kernel(...product)
    }
  return {
    ...actual,
    gemm: either(actual.gemm),
    gemmFree: either(actual.gemmFree),
    gemmAtOnce: either(actual.gemmAtOnce),
  }
})

type Product = [a: Buffer, b: Buffer, c: Buffer, m: number, n: number, k: number, options?: ProductOptions]

/** A product by the loop alone: what it needs is computed before, and a gradient that stands for zeros is not added to. */
function loop(...[a, b, c, m, n, k, options = {}]: Product): void {
  const accumulate = options.accumulate === true && !takeBlank(c)
  finishRuns()
  gemmLoop(a, b, c, m, n, k, options, accumulate ? c : (options.bias ?? null))
}

const [examples, features, classes] = [20 * 29, 61, 5]
const data = stream(2, "test", "features").normal(new Float32Array(examples * features))
const x = { data, shape: [examples, features] }
const y = Float32Array.from({ length: examples }, (_, i) => (i * i) % classes)

/** The bits of weights and slots after 200 steps. No size is a multiple of a tile's; a layer that is called twice adds to a gradient. */
async function trained(plain: boolean): Promise<string> {
  Object.assign(products, { plain, inLoop: 0, asked: 0 })
  const twice = new Dense(33, { activation: "tanh" })
  const inputs = input({ shape: [features] })
  const layers = [
    new Dense(91, { activation: "selu", kernelRegularizer: "l2" }),
    new Dense(33, { activation: "relu" }),
    twice,
    twice,
    new Dense(classes, { activation: "softmax" }),
  ]
  const outputs = layers.reduce((last, layer) => layer.apply(last), inputs)
  const trainer = compile(new Model({ inputs, outputs, seed: 3 }), {
    loss: "sparse_categorical_crossentropy",
    optimizer: new Adam({ learningRate: 1e-3 }),
  })
  await trainer.fit(x, y, { epochs: 10, batchSize: 29, verbose: 0 })
  expect(trainer.step).toBe(200)
  const slots = trainer.optimizer.variables.map(v => Float32Array.from(v.read()))
  return bitsOf([...trainer.model.getWeights(), ...slots])
}

describe("after 200 steps", () => {
  afterEach(() => {
    products.plain = false
  })
  afterAll(() => stopWorkers())

  it.each([1, 2])(
    "the plain product gives the weights that the kernel's gives, all else alike: %i threads",
    async count => {
      await threadsReady(count)
      const kernel = await trained(false)
      expect(products.inLoop).toBe(0)
      const loop = await trained(true)
      // Five products forward; for each, one for the kernel's gradient and, but for the first, one for the input's.
      expect(products.inLoop).toBe(200 * (5 + 5 + 4))
      expect(products.inLoop).toBe(products.asked)
      expect(getKernels()).toBe("wasm")
      expect(loop).toBe(kernel)
    },
  )
})
