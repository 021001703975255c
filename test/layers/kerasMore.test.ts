import { readFileSync } from "node:fs"
import { deserialize, Model, toSnakeCase } from "@selvedge/layers"
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
