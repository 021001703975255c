import { readFileSync } from "node:fs"
import { backward, mul, sum, tensor } from "@selvedge/core"
import { activations, deserialize, getActivation, Model, toSnakeCase } from "@selvedge/layers"
import { describe, expect, it } from "vitest"
import { type LayerCase, runLayerCase } from "./layerCase.ts"

// Values that test/fixtures/keras_more.py took from real Keras, for what the shared fixtures leave out.
interface Summary {
  readonly name: string
  readonly columns: number
  readonly config: unknown
  readonly texts: Record<"plain" | "trainable" | "nested" | "both" | "narrow", string>
  readonly weights: [path: string, shape: number[]][]
  readonly layers: string[]
}

const more: { layers: LayerCase[]; summaries: Summary[]; names: Record<string, string> } = JSON.parse(
  readFileSync(new URL("../fixtures/keras_more.json", import.meta.url), "utf8"),
)

describe("more layers", () => {
  it.each(more.layers)("$name", c => runLayerCase(c))
})

describe("activations at extremes", () => {
  const extremes = [0, -0, 1e-30, -1e-30, 1, -1, 88, -88, 100, -100, 1e4, -1e4]

  it.each(Object.keys(activations).filter(name => name !== "exponential"))("%s and its derivative are finite", name => {
    const x = tensor(extremes, [1, 12], { requiresGrad: true })
    const y = getActivation(name).call(x)
    backward(sum(mul(y, 1)))
    expect([...y.read(), ...x.grad!.read()].every(Number.isFinite)).toBe(true)
  })

  it("squareplus loses nothing far below 0", () => {
    const y = getActivation("squareplus").call(tensor([-1e4, -100, 1e4]))
    // b / (2 (sqrt(x² + b) - x)) with b = 4.
    expect(y.read()[0]! / 1e-4).toBeCloseTo(1, 5)
    expect(y.read()[1]! / 0.0099990002).toBeCloseTo(1, 5)
    expect(y.read()[2]).toBeCloseTo(1e4, 2)
  })
})

describe("summaries, as Keras prints them", () => {
  const options = {
    plain: {},
    trainable: { showTrainable: true },
    nested: { expandNested: true },
    both: { showTrainable: true, expandNested: true },
    narrow: { lineLength: 60 },
  }

  it.each(more.summaries)("$name", ({ config, columns, texts, weights, layers }) => {
    const model = deserialize(config)
    if (!(model instanceof Model)) throw new Error("a model is expected")
    const before = process.stdout.columns
    process.stdout.columns = columns
    try {
      for (const [key, text] of Object.entries(texts)) {
        let printed = ""
        const printFn = (line: string) => {
          printed = line
        }
        const returned = model.summary({ ...options[key as keyof typeof options], printFn })
        expect(printed).toBe(text)
        expect(returned).toBe(text)
      }
    } finally {
      process.stdout.columns = before
    }
    expect(model.layers.map(layer => layer.name)).toEqual(layers)
    expect(model.weights.map(w => [w.key, w.shape])).toEqual(
      weights.map(([path, shape]) => [path.split("/").at(-1), shape]),
    )
  })
})

it("names classes as Keras does", () => {
  for (const [className, name] of Object.entries(more.names)) expect(toSnakeCase(className)).toBe(name)
})
