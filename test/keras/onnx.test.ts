import { execFileSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { stream, tensor } from "@selvedge/core"
import { loadModel, saveOnnx } from "@selvedge/formats"
import {
  Activation,
  AveragePooling2D,
  activations,
  BatchNormalization,
  Conv2D,
  Dense,
  Dropout,
  Flatten,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  type Layer,
  LayerNormalization,
  LeakyReLU,
  MaxPooling2D,
  type Model,
  Permute,
  PReLU,
  ReLU,
  Rescaling,
  Reshape,
  Sequential,
  Softmax,
  UnitNormalization,
} from "@selvedge/layers"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { filePath, fixtures } from "../formats/kerasFixtures.ts"

const python = process.env.SELVEDGE_KERAS_PYTHON
const folder = mkdtempSync(join(tmpdir(), "selvedge-onnx-"))
afterAll(() => rmSync(folder, { recursive: true }))

/** Layers on their own, with weights that are not their first values. */
const single: [string, number[], () => Layer[]][] = [
  ...Object.keys(activations).map((name): [string, number[], () => Layer[]] => [
    `activation ${name}`,
    [7],
    () => [new Activation(name as keyof typeof activations)],
  ]),
  ["gelu approximate", [7], () => [new Activation({ class_name: "gelu", config: { approximate: true } })]],
  ["relu with all settings", [7], () => [new ReLU({ maxValue: 1.5, negativeSlope: 0.1, threshold: 0.3 })]],
  ["relu capped", [7], () => [new ReLU({ maxValue: 1 })]],
  ["leaky relu", [7], () => [new LeakyReLU()]],
  ["prelu shared", [4, 5, 3], () => [new PReLU({ sharedAxes: [1, 2] })]],
  ["softmax axis", [4, 5], () => [new Softmax({ axis: 1 })]],
  ["batch norm", [4, 5], () => [new BatchNormalization({ axis: 1 })]],
  ["batch norm bare", [5], () => [new BatchNormalization({ scale: false, center: false })]],
  ["layer norm", [4, 5], () => [new LayerNormalization()]],
  ["layer norm axes", [4, 5], () => [new LayerNormalization({ axis: [1, 2] })]],
  ["unit norm", [4, 5], () => [new UnitNormalization({ axis: 1 })]],
  ["shapes", [4, 6], () => [new Permute([2, 1]), new Reshape([3, -1]), new Dropout(0.5), new Flatten(), new Dense(3)]],
  ["rescaling", [4], () => [new Rescaling(0.5, { offset: -1 })]],
  ["conv valid", [8, 9, 3], () => [new Conv2D(4, [3, 2], { strides: 2, activation: "relu" })]],
  ["conv same", [8, 9, 3], () => [new Conv2D(4, 3, { strides: 2, padding: "same", useBias: false })]],
  ["conv dilated", [8, 9, 3], () => [new Conv2D(4, 3, { dilationRate: 2, padding: "same" })]],
  ["max pool", [8, 9, 3], () => [new MaxPooling2D({ poolSize: 3, strides: 2, padding: "same" })]],
  ["average pool", [8, 9, 3], () => [new AveragePooling2D({ poolSize: 3, strides: 2, padding: "same" })]],
  ["conv groups", [8, 9, 4], () => [new Conv2D(6, 3, { groups: 2, padding: "same", activation: "tanh" })]],
  ["conv channels first", [3, 8, 9], () => [new Conv2D(4, [3, 2], { dataFormat: "channels_first", strides: 2 })]],
  ["max pool channels first", [3, 8, 9], () => [new MaxPooling2D(2, { dataFormat: "channels_first" })]],
  ["global max channels first", [3, 8, 9], () => [new GlobalMaxPooling2D({ dataFormat: "channels_first" })]],
  ["flatten channels first", [3, 4, 2], () => [new Flatten({ dataFormat: "channels_first" }), new Dense(2)]],
  ["softmax axes", [4, 5], () => [new Softmax({ axis: [1, 2] })]],
  ["rescaling channels", [4, 3], () => [new Rescaling([0.5, 2, -1], { offset: [[1], [2], [3], [4]] })]],
  ["global average", [8, 9, 3], () => [new GlobalAveragePooling2D()]],
  ["global max", [8, 9, 3], () => [new GlobalMaxPooling2D({ keepDims: true })]],
]

interface Job {
  name: string
  file: string
  inputs: { shape: number[]; data: number[] }[]
  want: number[]
}

function randomNumbers(name: string, count: number): Float32Array {
  const out = new Float32Array(count)
  stream(3, "initialisation", name).normal(out)
  return out
}

async function makeJob(name: string, model: Model): Promise<Job> {
  const file = join(folder, `${name.replaceAll(" ", "_")}.onnx`)
  await saveOnnx(model, file)
  const built = model.builtShape ?? []
  const shapes = (Array.isArray(built[0]) ? built : [built]) as (number | null)[][]
  const inputs = shapes.map((shape, i) => {
    const dims = shape.map(dim => dim ?? 5)
    return {
      shape: dims,
      data: [
        ...randomNumbers(
          `${name}/${i}`,
          dims.reduce((a, b) => a * b, 1),
        ),
      ],
    }
  })
  const xs = inputs.map(({ shape, data }) => tensor(new Float32Array(data), shape))
  const y = model.apply(xs.length === 1 ? xs[0] : xs, { training: false })
  return { name, file, inputs, want: [...y.read()] }
}

describe.skipIf(!python)("ONNX files in onnxruntime", () => {
  const jobs: Job[] = []
  let results: { output?: number[]; error?: string }[] = []

  beforeAll(async () => {
    for (const fixture of fixtures) jobs.push(await makeJob(fixture.name, await loadModel(filePath(fixture.files.h5))))
    for (const [name, shape, layers] of single) {
      const model = new Sequential(layers(), { batchInputShape: [null, ...shape] })
      model.setWeights(
        model
          .getWeights()
          .map((w, i) => w.map((v, k) => v + 0.1 * Math.abs(randomNumbers(`${name}${i}`, w.length)[k]))),
      )
      jobs.push(await makeJob(name, model))
    }
    const [input, output] = [join(folder, "jobs.json"), join(folder, "results.json")]
    writeFileSync(input, JSON.stringify(jobs.map(({ file, inputs }) => ({ file, inputs }))))
    execFileSync(python!, [fileURLToPath(new URL("check_onnx.py", import.meta.url)), input, output])
    results = JSON.parse(readFileSync(output, "utf8"))
  }, 600_000)

  it.each([...fixtures.map(f => f.name), ...single.map(([name]) => name)])("%s", name => {
    const index = jobs.findIndex(job => job.name === name)
    const { output, error } = results[index]
    expect(error).toBeUndefined()
    const { want } = jobs[index]
    expect(output!.length).toBe(want.length)
    const scale = Math.max(...want.map(Math.abs), 1e-3)
    const worst = Math.max(...want.map((v, i) => Math.abs(v - output![i]))) / scale
    console.log(`${name}: largest difference ${worst.toExponential(1)} of the largest output`)
    expect(worst).toBeLessThan(1e-5)
  })
})
