import { tensor } from "@selvedge/core"
import { Dense, Dropout, Flatten, Sequential } from "@selvedge/layers"
import { activationHistograms, activationValues } from "@selvedge/report"
import { describe, expect, it } from "vitest"
import { clipped, overlaps, texts } from "./svgTexts.ts"

describe("activationHistograms", () => {
  const inner = new Sequential([new Dense(2, { activation: "relu", name: "second" })], { name: "inner" })
  const layers = [new Flatten({ inputShape: [1, 2] }), new Dense(2, { name: "first" }), new Dropout(0.5), inner]
  const model = new Sequential(layers)
  model.setWeights(
    [
      [1, 0, 0, 2],
      [0, 1],
      [1, -1, -1, 1],
      [0, 0],
    ].map(w => Float32Array.from(w)),
  )
  const x = tensor([3, 1, 5, 4], [2, 1, 2])

  it("takes down what each layer that changes its input gives, in inference", () => {
    const values = activationValues(model, x)
    expect(Object.keys(values)).toEqual(["first", "second"])
    expect([...Array.from(values.first)]).toEqual([3, 3, 5, 9])
    expect([...Array.from(values.second)]).toEqual([0, 0, 0, 4])
    const twice = new Sequential([new Dense(2, { name: "again", inputShape: [2] })])
    const shared = new Sequential([twice, new Dropout(0.1), ...twice.layers])
    expect(Object.keys(activationValues(shared, tensor([1, 2], [1, 2])))).toEqual(["again", "again (again)"])
  })

  it("draws a histogram for each, of a deep model for some", () => {
    const svg = activationHistograms(model, x, { title: "Activations" })
    for (const text of ["Activations", "first", "second", "mean 1, std 1.732, n = 4"])
      expect(texts(svg)).toContain(text)
    const deep = new Sequential(Array.from({ length: 40 }, (_, i) => new Dense(3, { name: `d${i}`, inputShape: [3] })))
    const drawn = activationHistograms(deep, tensor([1, 2, 3], [1, 3]), { most: 9, width: 860 })
    const names = texts(drawn).filter(text => /^d\d+$/.test(text))
    expect(names.length).toBeGreaterThan(6)
    expect(names.length).toBeLessThanOrEqual(9)
    expect(names.at(-1)).toBe("d39")
    expect([overlaps(drawn), clipped(drawn)]).toEqual([[], []])
    expect(() => activationHistograms(model, x, { most: 0 })).toThrow(/most/)
    expect(() => activationHistograms(model, x, { bin: 3 } as object)).toThrow(/did you mean "bins"/)
  })
})
