import { execFile } from "node:child_process"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { stream } from "@selvedge/core"
import { type HandOverOptions, handOver, takeBack } from "@selvedge/formats"
import { BatchNormalization, Dense, Flatten, Sequential } from "@selvedge/layers"
import { Adam, compile, type Dataset, type FitOptions, type Optimizer, SGD, type Trainer } from "@selvedge/trainer"
import { afterAll, describe, expect, it } from "vitest"

/**
 * Runs that begin here, go on in real Keras on several virtual devices of JAX, and come back: against the same runs
 * undisturbed. Needs a Python with keras and jax in SELVEDGE_KERAS_PYTHON.
 */
const python = process.env.SELVEDGE_KERAS_PYTHON
const root = mkdtempSync(join(tmpdir(), "selvedge-hand-over-"))
afterAll(() => rmSync(root, { recursive: true }))

/** 203 examples: with batches of 32 an epoch's last has 11, which 4 devices do not divide. */
const LENGTH = 203

function examples(seed: number, length: number) {
  const numbers = stream(seed, "test", "").normal(new Float32Array(length * 12))
  const y = Float32Array.from({ length }, (_, i) => (numbers[i * 12]! > 0 ? 1 : 0) + (numbers[i * 12 + 1]! > 0 ? 1 : 0))
  return { x: { data: numbers, shape: [length, 3, 4] }, y }
}
const train = examples(1, LENGTH)
const check = examples(2, 50)

function trainerWith(optimizer: Optimizer): Trainer {
  const model = new Sequential(
    [
      new Flatten({ inputShape: [3, 4] }),
      new Dense(16, { activation: "tanh" }),
      // Its statistics are of the whole batch: padding rows, or a device's share of them, would change every number.
      new BatchNormalization(),
      new Dense(3, { activation: "softmax" }),
    ],
    { seed: 7 },
  )
  return compile(model, { loss: "sparse_categorical_crossentropy", optimizer, metrics: ["accuracy"], seed: 11 })
}

const run = promisify(execFile)

async function go(folder: string, devices: number, hosts = 1): Promise<string> {
  const env = { ...process.env, XLA_FLAGS: `--xla_force_host_platform_device_count=${devices}`, JAX_PLATFORMS: "cpu" }
  const port = 20000 + (process.pid % 20000)
  const outputs = await Promise.all(
    Array.from({ length: hosts }, (_, id) => {
      const several = {
        KERAS_DISTRIBUTION_JOB_ADDRESSES: `127.0.0.1:${port}`,
        KERAS_DISTRIBUTION_NUM_PROCESSES: String(hosts),
        KERAS_DISTRIBUTION_PROCESS_ID: String(id),
      }
      return run(python!, [join(folder, "continue.py")], {
        env: hosts > 1 ? { ...env, ...several } : env,
        timeout: 300_000,
      })
    }),
  )
  return outputs[0]!.stdout
}

const fitOptions: FitOptions = { batchSize: 32, verbose: 0, validationData: [check.x, check.y] }

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number, what: string) {
  expect(actual.length, what).toBe(expected.length)
  for (const [i, value] of actual.entries()) {
    const off = Math.abs(value - expected[i]!)
    expect(off, `${what} ${i}: ${value} for ${expected[i]}`).toBeLessThanOrEqual(tolerance * Math.abs(expected[i]!))
  }
}

/** The run in one piece, and its numbers. */
async function undisturbed(optimizer: Optimizer, options: FitOptions) {
  const trainer = trainerWith(optimizer)
  const { history } = await trainer.fit(train.x, train.y, { ...fitOptions, ...options })
  return { trainer, history }
}

function expectSame(
  back: Trainer,
  whole: { trainer: Trainer; history: Readonly<Record<string, readonly number[]>> },
  tolerance: number,
) {
  const { history } = back.pending!.history
  expectClose(history.loss!, whole.history.loss!, tolerance, "loss of epoch")
  expectClose(history.val_loss!, whole.history.val_loss!, tolerance, "validation loss of epoch")
  expectClose(history.accuracy!, whole.history.accuracy!, 1e-6, "accuracy of epoch")
  expect(back.step).toBe(whole.trainer.step)
  for (const [i, weight] of back.model.weights.entries()) {
    const [ours, theirs] = [whole.trainer.model.weights[i]!.read(), weight.read()]
    const norm = Math.hypot(...ours)
    const off = Math.hypot(...ours.map((v, k) => v - theirs[k]!))
    expect(off / norm, weight.name).toBeLessThanOrEqual(10 * tolerance)
  }
}

const sgd = () => new SGD({ learningRate: 0.05, momentum: 0.9 })
const adam = () => new Adam({ learningRate: 0.003 })

describe.skipIf(!python)("a run handed over to Keras and back", () => {
  it("continues on 4 devices with an odd last batch, and here again", async () => {
    const folder = join(root, "sgd")
    const whole = await undisturbed(sgd(), { epochs: 8 })
    const trainer = trainerWith(sgd())
    await trainer.fit(train.x, train.y, { ...fitOptions, epochs: 2 })
    const options: HandOverOptions = { data: train, validationData: check, epochs: 6, shardSize: 50 }
    await handOver(trainer, folder, options)
    expect(readdirSync(join(folder, "training")).filter(name => name.endsWith(".npz"))).toHaveLength(5)
    expect(await go(folder, 4)).toContain("4 devices, 1 hosts")
    const back = await takeBack(folder)
    const { history } = await back.fit(train.x, train.y, { ...fitOptions, epochs: 8 })
    expect(history.loss).toHaveLength(8)
    back.pending = { position: back.position, stopped: false, history: { epoch: [], history }, callbacks: {} }
    expectSame(back, whole, 1e-5)
  })

  it("continues Adam from the middle of an epoch, with steps per epoch that go over the passes", async () => {
    const folder = join(root, "adam")
    const options = { epochs: 6, stepsPerEpoch: 5 }
    const whole = await undisturbed(adam(), options)
    const trainer = trainerWith(adam())
    const stop = new AbortController()
    const callbacks = [{ onTrainBatchEnd: () => void (trainer.step === 8 && stop.abort()) }]
    await trainer.fit(train.x, train.y, { ...fitOptions, ...options, callbacks, signal: stop.signal })
    expect(trainer.position).toEqual({ epoch: 1, batch: 3 })
    await handOver(trainer, folder, { data: train, validationData: check, stepsPerEpoch: 5 })
    await go(folder, 4)
    expectSame(await takeBack(folder), whole, 4e-5)
  })

  it("continues on 2 hosts of 2 devices, with examples that change with the epoch", async () => {
    const folder = join(root, "hosts")
    const dataset: Dataset = {
      length: LENGTH,
      batch(indices, epoch) {
        const x = Float32Array.from({ length: indices.length * 12 }, (_, i) => {
          const example = indices[Math.floor(i / 12)]!
          return train.x.data[example * 12 + (i % 12)]! * (1 + ((epoch + example) % 3) / 10)
        })
        const y = Float32Array.from(indices, i => train.y[i]!)
        return { x: { data: x, shape: [indices.length, 3, 4] }, y }
      },
    }
    const fitting = { ...fitOptions, batchSize: 24, epochs: 4 }
    const whole = trainerWith(sgd())
    const { history } = await whole.fit(dataset, fitting)
    const trainer = trainerWith(sgd())
    await trainer.fit(dataset, { ...fitting, epochs: 1 })
    await handOver(trainer, folder, { data: dataset, validationData: check, epochs: 4, examplesByEpoch: true })
    expect(await go(folder, 2, 2)).toContain("4 devices, 2 hosts")
    expectSame(await takeBack(folder), { trainer: whole, history }, 1e-5)
    expect(JSON.parse(readFileSync(join(folder, "history.json"), "utf8")).epoch).toBe(4)
  })
})
