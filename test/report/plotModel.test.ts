import type { Tensor } from "@selvedge/core"
import { BatchNormalization, Concatenate, Dense, Dropout, Flatten, input, Model, Sequential } from "@selvedge/layers"
import { type ModelGraph, plotModel } from "@selvedge/report"
import { describe, expect, it } from "vitest"
import { fc } from "../property.ts"
import { clipped, overlaps, texts } from "./svgTexts.ts"

const wideAndDeep: ModelGraph = {
  nodes: [
    { id: "in", name: "wide_input", className: "InputLayer", outputShape: [null, 28, 28], params: 0 },
    { id: "a", name: "dense", className: "Dense", outputShape: [null, 300], params: 1_235_500, trainable: false },
    { id: "b", name: "dense_1", className: "Dense", outputShape: [null, 100], params: 30_100 },
    {
      id: "c",
      name: "concatenate",
      className: "Concatenate",
      outputShape: [
        [null, 884],
        [null, 1],
      ],
      params: 0,
    },
  ],
  edges: [
    ["in", "a"],
    ["a", "b"],
    ["b", "c"],
    ["in", "c"],
  ],
}

describe("plotModel", () => {
  it("shows names, classes, shapes, parameters and what is frozen", () => {
    const svg = plotModel(wideAndDeep)
    expect(texts(svg)).toEqual([
      ...["wide_input", "InputLayer", "(None, 28, 28)", "0 parameters"],
      ...["dense", "Dense (frozen)", "(None, 300)", "1,235,500 parameters"],
      ...["dense_1", "Dense", "(None, 100)", "30,100 parameters"],
      ...["concatenate", "Concatenate", "(None, 884) (None, 1)", "0 parameters"],
    ])
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(1)
    expect(svg.match(/M[^"]+l-4,-8l8,0Z/g)).toHaveLength(4)
    const bare = plotModel(wideAndDeep, { showShapes: false, showParams: false })
    expect(texts(bare)).not.toContain("(None, 300)")
    expect(texts(bare)).not.toContain("0 parameters")
  })

  it("draws sources above targets, without boxes or texts that overlap, for any acyclic graph", () => {
    const graph = fc.integer({ min: 1, max: 14 }).chain(n =>
      fc.array(fc.tuple(fc.nat(n - 1), fc.nat(n - 1)), { maxLength: 2 * n }).map(pairs => ({
        nodes: Array.from({ length: n }, (_, i) => ({ id: `layer_${i}`, className: "Dense", params: i * 1000 })),
        edges: pairs
          .filter(([a, b]) => a !== b)
          .map(([a, b]): [string, string] => [`layer_${Math.min(a, b)}`, `layer_${Math.max(a, b)}`]),
      })),
    )
    fc.assert(
      fc.property(graph, model => {
        const svg = plotModel(model)
        expect(overlaps(svg)).toEqual([])
        expect(clipped(svg)).toEqual([])
        const boxes = boxesOf(svg)
        expect(boxes).toHaveLength(model.nodes.length)
        boxes.forEach((a, i) => {
          for (const b of boxes.slice(i + 1)) {
            const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
            expect(apart).toBe(true)
          }
        })
        for (const [from, to] of model.edges) {
          const [a, b] = [from, to].map(id => boxes[model.nodes.findIndex(node => node.id === id)])
          expect(a.y + a.height).toBeLessThan(b.y)
        }
      }),
    )
  })

  it("uncrosses what can be uncrossed", () => {
    const ids = ["a", "b", "c", "d", "e", "f"]
    const edges = [
      ["a", "f"],
      ["b", "e"],
      ["c", "d"],
    ] as const
    const boxes = boxesOf(plotModel({ nodes: ids.map(id => ({ id, className: "Dense" })), edges }))
    const x = Object.fromEntries(ids.map((id, i) => [id, boxes[i].x]))
    const order = (list: string[]) => [...list].sort((p, q) => x[p] - x[q])
    const targets = order(["a", "b", "c"]).map(id => edges.find(([from]) => from === id)![1])
    expect(order(["d", "e", "f"])).toEqual(targets)
  })

  it("refuses cycles, unknown and repeated ids", () => {
    const nodes = ["dense", "dense_1"].map(id => ({ id, className: "Dense" }))
    const edges = [
      ["dense", "dense_1"],
      ["dense_1", "dense"],
    ] as const
    expect(() => plotModel({ nodes, edges })).toThrow(/cycle/)
    expect(() => plotModel({ nodes, edges: [["dense", "dense1"]] })).toThrow(/did you mean "dense_1"/)
    expect(() => plotModel({ nodes: [nodes[0], nodes[0]], edges: [] })).toThrow(/twice/)
    expect(() => plotModel({ nodes: [], edges: [] })).toThrow(/at least one node/)
  })
})

describe("plotModel of a model", () => {
  const encoder = new Sequential(
    [new Dense(64, { inputShape: [100], name: "deep" }), new Dropout(0.2, { name: "drop" })],
    {
      name: "encoder",
    },
  )
  const [left, right] = ["left", "right"].map(name => input({ shape: [100], name }))
  const head = new Dense(8, { name: "head" })
  const [ofLeft, ofRight] = [left, right].map(x => head.apply(encoder.apply(x)))
  const both = new Concatenate({ name: "both" }).apply([ofLeft, ofRight])
  const outputs = [new Dense(1, { name: "same" }).apply(both), new Dense(3, { name: "aux" }).apply(ofLeft)]
  const siamese = new Model({ inputs: [left, right], outputs })

  it("draws a Sequential as a chain from its input, with shapes and parameters", () => {
    const layers = [new Flatten({ inputShape: [28, 28] }), new Dense(300, { name: "hidden" }), new BatchNormalization()]
    const model = new Sequential([...layers, new Dense(10)])
    layers[1].trainable = false
    const svg = plotModel(model)
    expect(arrows(svg)).toBe(4)
    for (const text of ["InputLayer", "(None, 28, 28)", "(None, 784)", "hidden", "Dense (frozen)", "(None, 300)"]) {
      expect(texts(svg)).toContain(text)
    }
    const params = texts(svg).filter(text => text.endsWith(" parameters"))
    expect(params).toEqual(["0 parameters", "0 parameters", "235,500 parameters", "1200 parameters", "3010 parameters"])
    expect(overlaps(svg)).toEqual([])
  })

  it("draws a shared layer wherever data pass it, and its parameters once", () => {
    const svg = plotModel(siamese)
    const found = texts(svg)
    expect(found.filter(text => text === "encoder" || text === "head")).toHaveLength(4)
    expect(found.filter(text => text.endsWith("the same weights"))).toEqual([
      "Sequential, the same weights",
      "Dense, the same weights",
    ])
    expect(found.filter(text => text === "6464 parameters")).toHaveLength(1)
    expect(arrows(svg)).toBe(8)
    expect(boxesOf(svg)).toHaveLength(9)
    expect([overlaps(svg), clipped(svg)]).toEqual([[], []])
  })

  it("opens models inside when it is told to", () => {
    const svg = plotModel(siamese, { expandNested: true })
    expect(texts(svg).filter(text => text === "encoder/deep")).toHaveLength(2)
    expect(texts(svg).filter(text => text === "encoder/drop")).toHaveLength(2)
    expect(texts(svg)).not.toContain("encoder")
    expect(boxesOf(svg)).toHaveLength(11)
    expect(arrows(svg)).toBe(10)
    const functional = new Model({ inputs: left, outputs: ofLeft, name: "tower" })
    const outer = plotModel(new Sequential([functional, new Dense(2)]), { expandNested: true })
    expect(texts(outer)).toContain("tower/encoder/deep")
    expect(texts(outer).filter(text => text === "InputLayer")).toHaveLength(1)
  })

  it("draws a layer that feeds itself, a model with a call of its own, one that is not built", () => {
    class Own extends Model {
      readonly inner = new Dense(3)
      override call(x: Tensor) {
        return this.inner.apply(x)
      }
    }
    const loop = new Dense(4, { name: "loop" })
    const x = input({ shape: [4] })
    const own = new Own({ name: "own" })
    const svg = plotModel(new Model({ inputs: x, outputs: own.apply(loop.apply(loop.apply(x))) }), {
      expandNested: true,
    })
    expect(arrows(svg)).toBe(3)
    expect(texts(svg)).toEqual(expect.arrayContaining(["Own", "15 parameters", "(None, 3)"]))
    expect(boxesOf(plotModel(own))).toHaveLength(1)
    expect(texts(plotModel(new Sequential([new Dense(3, { name: "open" })])))).toEqual(["open", "Dense"])
  })
})

const arrows = (svg: string) => svg.match(/M[^"]+l-4,-8l8,0Z/g)?.length ?? 0

function boxesOf(svg: string): { x: number; y: number; width: number; height: number }[] {
  const found = svg.matchAll(/<rect x="([-\d.]+)" y="([-\d.]+)" width="([\d.]+)" height="([\d.]+)" rx/g)
  return [...found].map(match => {
    const [x, y, width, height] = match.slice(1).map(Number)
    return { x, y, width, height }
  })
}
