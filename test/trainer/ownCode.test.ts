import {
  add,
  alloc,
  allocZeros,
  fillUniform,
  gemm,
  mul,
  record,
  setThreads,
  simd,
  stream,
  sum,
  type Tensor,
  tensor,
  vectorized,
  wrap,
} from "@selvedge/core"
import { Dense, input, Layer, Sequential } from "@selvedge/layers"
import { compile, SGD } from "@selvedge/trainer"
import { expect, it } from "vitest"
import { threadsReady } from "../core/kernels/twins.ts"

// Code of one's own that looks at bare buffers behind kernels, without knowing that these might still be running.

/** An optimizer that goes on where the library's ends. */
class BoundedSGD extends SGD {
  protected override update(...[w, g, slots, step]: Parameters<SGD["update"]>): void {
    super.update(w, g, slots, step)
    for (let i = 0; i < w.length; i++) w[i] = Math.max(-0.05, Math.min(0.05, w[i]!))
  }
}

class Own extends Layer {
  readonly #call: (x: Tensor) => Tensor
  constructor(call: (x: Tensor) => Tensor) {
    super()
    this.#call = call
  }
  override call(x: Tensor): Tensor {
    return this.#call(x)
  }
}

/** An op that gives a buffer to other ops and writes to it again. */
function again(x: Tensor): Tensor {
  const buffer = alloc(x.size)
  const phase = wrap(buffer, x.shape)
  let y = x
  for (let k = 0; k < 4; k++) {
    for (let i = 0; i < buffer.length; i++) buffer[i] = (i + k) % 3
    y = add(y, phase)
  }
  return y
}

class NamedLikeKeras extends Own {
  static override readonly className = "Dense"
}

const matrix = Float32Array.from({ length: 300 * 300 }, (_, i) => ((i % 7) - 3) / 100)
const layers: Record<string, (x: Tensor) => Tensor> = {
  "random numbers that are changed": x => {
    const mask = alloc(x.size)
    fillUniform(mask, stream(1, "mask", ""))
    for (let i = 0; i < mask.length; i++) mask[i] = mask[i]! < 0.3 ? 0 : 1
    return mul(x, wrap(mask, x.shape))
  },
  "zeros that are written to": x => {
    const p = allocZeros(x.size)
    for (let i = 0; i < p.length; i += 2) p[i] = 0.5
    return add(x, wrap(p, x.shape))
  },
  "a buffer that is written to again": again,
  "a buffer that a gradient writes to again": x => {
    const y = x.read().slice()
    return record("own", y, x.shape, [x], (dy, dx) => {
      const g = again(wrap(dy, x.shape)).read()
      if (dx) for (let i = 0; i < dx.length; i++) dx[i]! += g[i]! * 1e-4
    })
  },
  "a product and a twin that are changed": x => {
    const [a, k, y] = [x.read(), alloc(matrix.length), alloc(x.size)]
    k.set(matrix)
    gemm(a, k, y, x.shape[0]!, 300, 300)
    for (let i = 0; i < y.length; i++) y[i]! *= 0.5
    simd.tanhForward.run(y, y)
    for (let i = 0; i < y.length; i++) y[i]! += 0.1
    return record("own", y, x.shape, [x], (dy, dx) => {
      if (dx) for (let i = 0; i < dy.length; i++) dx[i]! += 0.5 * dy[i]!
    })
  },
}

const x = tensor(stream(7, "x", "").uniform(new Float32Array(512 * 784)), [512, 784])
const y = tensor(
  Float32Array.from({ length: 512 }, (_, i) => i % 10),
  [512],
)

async function losses(layer: Layer[], optimizer: SGD): Promise<unknown> {
  const model = new Sequential(
    [
      input({ shape: [784] }),
      new Dense(300, { activation: "relu" }),
      ...layer,
      new Dense(10, { activation: "softmax" }),
    ],
    { seed: 3 },
  )
  const trainer = compile(model, { loss: "sparse_categorical_crossentropy", optimizer })
  return (await trainer.fit(x, y, { epochs: 3, batchSize: 256, verbose: 0 })).history.loss
}

it.each([
  ["an update that goes on", () => [], () => new BoundedSGD({ learningRate: 0.1, momentum: 0.9 })],
  ["an activation", () => [new Dense(300, { activation: again })], () => new SGD()],
  ["a regularizer", () => [new Dense(300, { kernelRegularizer: w => mul(sum(again(w)), 1e-5) })], () => new SGD()],
  ["a layer with a name of Keras's", () => [new NamedLikeKeras(again)], () => new SGD()],
  ...Object.entries(layers).map(([name, call]) => [name, () => [new Own(call)], () => new SGD()] as const),
] as const)("%s: the same with every number of threads", async (_, layer, optimizer) => {
  setThreads(1)
  const alone = await losses(layer(), optimizer())
  for (const threads of [2, 3]) {
    await threadsReady(threads)
    expect(await losses(layer(), optimizer())).toEqual(alone)
  }
})

it("a twin of one's own needs no queue, and `run` no object", () => {
  const run = (x: Float32Array) => {
    x.fill(2)
    return true
  }
  const x = new Float32Array(64)
  vectorized("own", (y: Float32Array) => void y.fill(1), { run })(x)
  expect(x[0]).toBe(2)
  const { run: tanh } = simd.tanhForward
  tanh(x, x)
  expect(x[0]).toBeCloseTo(Math.tanh(2))
})
