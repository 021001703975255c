import { poisonEndedSteps, Session, setSeed, setThreads, stream, tensor } from "@selvedge/core"
import { BatchNormalization, collectUpdates, Dense, Dropout, type Layer } from "@selvedge/layers"
import { optimizerClasses } from "@selvedge/trainer"
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { backward, mul, neg, sum } from "../../packages/core/src/index.ts"
import { word } from "../../packages/core/src/kernels/control.ts"
import { controlWords, stopWorkers } from "../../packages/core/src/kernels/pool.ts"
import { bitsOf, threadsReady } from "../core/kernels/twins.ts"
import { rows } from "../layers/layerRows.ts"
import { blobs, classifier } from "./small.ts"

/** The addresses of what is updated within `inAnyOrder`, where every run has numbers of its own, and how often one came twice. */
const unordered = vi.hoisted(() => ({ addresses: null as Set<number> | null, runs: 0, twice: 0 }))

// As in test/core/kernels/late.test.ts: no kernel begins before somebody must wait for it.

vi.mock("../../packages/core/src/kernels/queue.ts", async original => {
  const actual = await original<typeof import("../../packages/core/src/kernels/queue.ts")>()
  const inAnyOrder: typeof actual.inAnyOrder = fn => {
    unordered.addresses = new Set()
    actual.inAnyOrder(fn)
    unordered.addresses = null
  }
  const enqueue: typeof actual.enqueue = (...run) => {
    const [address] = run[1]
    if (unordered.addresses?.has(address)) unordered.twice++
    if (unordered.addresses?.add(address)) unordered.runs++
    actual.enqueue(...run)
  }
  return { ...actual, isSettled: () => false, inAnyOrder, enqueue }
})

vi.mock("../../packages/core/src/kernels/twin.ts", async original => {
  const actual = await original<typeof import("../../packages/core/src/kernels/twin.ts")>()
  const twin: typeof actual.twin = (program, options) => actual.twin(program, { ...options, least: 0 })
  return { ...actual, twin }
})

beforeAll(() => void poisonEndedSteps(true))
afterAll(() => {
  poisonEndedSteps(false)
  return stopWorkers()
})

async function onTimeAndLate<T>(run: () => T | Promise<T>): Promise<[T, T]> {
  setThreads(1)
  const onTime = await run()
  await threadsReady(2)
  Atomics.store(controlWords()!, word.wanted, 0)
  return [onTime, await run()]
}

describe("the same weights, however late kernels run", () => {
  const common = {
    alone: {},
    clipnorm: { clipnorm: 0.01 },
    clipvalue: { clipvalue: 0.001 },
    globalClipnorm: { globalClipnorm: 0.01 },
    weightDecay: { weightDecay: 0.1 },
    useEma: { useEma: true, emaOverwriteFrequency: 3 },
    gradientAccumulationSteps: { gradientAccumulationSteps: 2 },
    lossScaleFactor: { lossScaleFactor: 128, clipnorm: 0.01 },
  }
  const { x, y } = blobs(64)
  const layers = () => [
    new Dense(33, { activation: "selu", kernelRegularizer: "l2", inputShape: [2] }),
    new BatchNormalization(),
    new Dropout(0.3),
    new Dense(40, { activation: "relu", kernelConstraint: "max_norm" }),
    new Dense(3, { activation: "softmax" }),
  ]

  it.each(Object.entries(optimizerClasses))("%s", async (_, Class) => {
    unordered.twice = 0
    for (const [name, options] of Object.entries(common)) {
      const [onTime, late] = await onTimeAndLate(async () => {
        const trainer = classifier({ optimizer: new Class(options) }, layers())
        const classWeight = { 0: 1, 1: 2, 2: 0.5 }
        const history = await trainer.fit(x, y, {
          epochs: 2,
          batchSize: 16,
          verbose: 0,
          classWeight,
          validationData: [x, y],
        })
        const state = [
          ...trainer.model.getWeights(),
          ...trainer.optimizer.variables.map(v => Float32Array.from(v.read())),
        ]
        return [bitsOf(state), JSON.stringify(history.history)]
      })
      expect(late, name).toEqual(onTime)
    }
    expect(unordered.twice, "updates of the same numbers, in any order").toBe(0)
  })

  it("updates different weights in any order", () => {
    expect(unordered.runs).toBeGreaterThan(1000)
  })

  it("has updated a weight before the next op looks at it", async () => {
    const [onTime, late] = await onTimeAndLate(() => {
      const w = tensor(new Float32Array(5000).fill(1), [5000], { requiresGrad: true })
      const optimizer = new optimizerClasses.SGD({ learningRate: 0.1 })
      const session = new Session()
      session.adopt([w])
      const step = () => {
        optimizer.apply([mul(w, 2)], [w])
        return Float32Array.from(neg(w).read())
      }
      return bitsOf([session.step(step), session.step(step)])
    })
    expect(late).toBe(onTime)
  })

  it("a weight that is given twice, one after the other", async () => {
    unordered.twice = 0
    const [onTime, late] = await onTimeAndLate(() => {
      const w = tensor(new Float32Array(5000).fill(1), [5000], { requiresGrad: true })
      const optimizer = new optimizerClasses.Adam({ learningRate: 0.1 })
      const session = new Session()
      session.adopt([w])
      const update = () => optimizer.apply([mul(w, 2), mul(w, 3)], [w, w])
      for (let i = 0; i < 3; i++) session.step(update)
      return bitsOf([Float32Array.from(w.read())])
    })
    expect(late).toBe(onTime)
    expect(unordered.twice).toBe(0)
  })
})

describe("the same outputs, gradients and statistics, however late kernels run", () => {
  const numbers = (shape: readonly number[], ids: number | undefined, id: number) => {
    const size = shape.reduce((a, b) => a * b, 1)
    const drawn = stream(9, "test", "late", id).normal(new Float32Array(size))
    const values = ids === undefined ? drawn : drawn.map((_, i) => i % ids)
    return tensor(values, shape, { requiresGrad: ids === undefined })
  }

  it.each(Object.entries(rows))("%s", async (_, { make, inputs, ids, training = true }) => {
    const run = () => {
      setSeed(4)
      const layer: Layer = make()
      const leaves = inputs.map((shape, i) => numbers(shape, ids, i))
      const step = () => {
        const xs = leaves.map(x => neg(neg(mul(x, 1))))
        const { value: y, updates } = collectUpdates(() =>
          layer.apply(xs.length === 1 ? xs[0] : (xs as never), { training }),
        )
        const out = Array.isArray(y) ? y[0] : y
        const loss = sum(mul(neg(neg(out)), mul(out, 0.5)))
        if (loss.requiresGrad) backward(loss)
        for (const update of updates) update()
        return [out, ...[...leaves, ...layer.weights].flatMap(x => [x, x.grad])].map(x =>
          Float32Array.from(x?.read() ?? []),
        )
      }
      const session = new Session()
      step()
      session.adopt(layer.weights)
      return bitsOf([session.step(step), session.step(step)].flat())
    }
    const [onTime, late] = await onTimeAndLate(run)
    expect(late).toBe(onTime)
  })
})
