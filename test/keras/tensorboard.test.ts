import { execFileSync } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Dense, Sequential } from "@selvedge/layers"
import { TensorBoard } from "@selvedge/report"
import { compile } from "@selvedge/trainer"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

/** Event files written here, read by TensorBoard's own package, checksums included. */
const python = process.env.SELVEDGE_KERAS_PYTHON
const folder = mkdtempSync(join(tmpdir(), "selvedge-tensorboard-"))
afterAll(() => rmSync(folder, { recursive: true }))

const script = `
import json, sys
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
def read(part):
    events = EventAccumulator(sys.argv[1] + "/" + part, size_guidance={"scalars": 0, "histograms": 0})
    events.Reload()
    tags = events.Tags()
    histogram = lambda e: dict(step=e.step, min=e.histogram_value.min, max=e.histogram_value.max, num=e.histogram_value.num,
                               sum=e.histogram_value.sum, limits=list(e.histogram_value.bucket_limit), buckets=list(e.histogram_value.bucket))
    return dict(scalars={t: [[e.step, e.value] for e in events.Scalars(t)] for t in tags["scalars"]},
                histograms={t: [histogram(e) for e in events.Histograms(t)] for t in tags["histograms"]})
print(json.dumps(dict(train=read("train"), validation=read("validation"))))
`

interface Part {
  scalars: Record<string, [step: number, value: number][]>
  histograms: Record<
    string,
    { step: number; min: number; max: number; num: number; sum: number; limits: number[]; buckets: number[] }[]
  >
}

describe.skipIf(!python)("TensorBoard's package", () => {
  let found: { train: Part; validation: Part }
  let history: Record<string, number[]>
  const model = new Sequential([new Dense(3, { activation: "relu", inputShape: [4], name: "hidden" }), new Dense(1)])
  beforeAll(async () => {
    const x = { data: Float32Array.from({ length: 160 }, (_, i) => Math.sin(i)), shape: [40, 4] }
    const y = { data: Float32Array.from({ length: 40 }, (_, i) => Math.cos(i)), shape: [40, 1] }
    const trainer = compile(model, { loss: "mse", optimizer: "adam", metrics: ["mae"] })
    const callbacks = [new TensorBoard({ logDir: folder, histogramFreq: 1, updateFreq: "batch" })]
    const options = { epochs: 3, batchSize: 10, verbose: 0, validationData: [x, y], callbacks } as const
    history = (await trainer.fit(x, y, options)).history
    const output = execFileSync(python!, ["-c", script, folder], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    })
    found = JSON.parse(output)
  }, 300_000)

  it("reads the numbers that fit gave", () => {
    const single = (values: readonly number[]) => values.map((value, epoch) => [epoch, Math.fround(value)])
    for (const name of ["loss", "mae"]) {
      expect(found.train.scalars[`epoch_${name}`]).toEqual(single(history[name]))
      expect(found.validation.scalars[`epoch_${name}`]).toEqual(single(history[`val_${name}`]))
    }
    expect(found.train.scalars.epoch_learning_rate).toEqual(single([0.001, 0.001, 0.001]))
    expect(found.train.scalars.batch_loss.map(([step]) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1))
    expect(found.validation.scalars.evaluation_loss_vs_iterations.map(([step]) => step)).toEqual([4, 8, 12])
  })

  it("reads the histograms of weights and gradients", () => {
    const kernel = found.train.histograms["hidden/kernel/histogram"]
    const values = [...model.weights[0].read()]
    expect(kernel.map(({ step }) => step)).toEqual([0, 1, 2])
    const last = kernel.at(-1)!
    expect([last.min, last.max, last.num]).toEqual([Math.min(...values), Math.max(...values), 12])
    expect(last.buckets.reduce((a, b) => a + b)).toBe(12)
    expect(last.limits.at(-1)).toBe(last.max)
    expect(found.train.histograms["hidden/kernel/gradient"]).toHaveLength(3)
  })
})
