import { OptionError, ShapeError } from "@selvedge/core"
import {
  plotCalibration,
  plotConfusion,
  plotHistogram,
  plotHistory,
  plotImages,
  plotLines,
  plotSchedule,
} from "@selvedge/report"
import { describe, expect, it } from "vitest"
import { fc } from "../property.ts"
import { clipped, overlaps, texts } from "./svgTexts.ts"

const decay = (n: number, from: number, to: number) =>
  Array.from({ length: n }, (_, i) => to + ((from - to) * (n - i)) / (n * (i + 1)))
const history = (n: number) => ({
  loss: decay(n, 0.72, 0.3),
  accuracy: decay(n, 0.75, 0.89),
  val_loss: decay(n, 0.6, 0.36),
  val_accuracy: decay(n, 0.8, 0.87),
})
const garments = "T-shirt/top Trouser Pullover Dress Coat Sandal Shirt Sneaker Bag Ankle_boot".split(" ")

function expectClean(svg: string): void {
  expect(overlaps(svg)).toEqual([])
  expect(clipped(svg)).toEqual([])
}

describe("every chart", () => {
  const charts = {
    history: plotHistory(history(10), { title: "A & B <c>" }),
    schedule: plotSchedule([0.1, 0.05, 0.01]),
    histogram: plotHistogram([1, 2, 2, 3]),
    confusion: plotConfusion(
      [
        [3, 1],
        [0, 4],
      ],
      ["cat", "dog"],
    ),
    images: plotImages(new Float32Array(8), [2, 2, 2]),
    lines: plotLines({ name: "line", y: [1, 2, 3] }),
    calibration: plotCalibration({ confidence: [0.6, 0.9, 0.8], correct: [true, true, false] }),
  }

  it.each(Object.entries(charts))("%s is one self-contained, named image", (_, svg) => {
    expect(svg).toMatch(
      /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" class="selvedge" role="img" viewBox="0 0 [\d.]+ [\d.]+"/,
    )
    expect(svg).toMatch(/<title>[^<]+<\/title><desc>[^<]+<\/desc>/)
    expect(svg).toContain("prefers-color-scheme:dark")
    expect(svg).not.toMatch(/ id="|url\(|<script|href="http|NaN|Infinity|undefined|aria-label/)
    expectClean(svg)
  })

  it("gives the same text for the same data", () => {
    expect(plotHistory(history(10), { title: "A & B <c>" })).toBe(charts.history)
  })

  it("escapes texts", () => {
    expect(charts.history).toContain("<title>A &amp; B &lt;c&gt;</title>")
    expect(texts(charts.history)[0]).toBe("A & B <c>")
  })

  it("refuses unknown options with the nearest one", () => {
    expect(() => plotHistory(history(2), { titel: "x" } as object)).toThrow(
      /unknown option "titel", did you mean "title"/,
    )
    expect(() => plotLines({ name: "a", y: [1] }, { xlabel: "x" } as object)).toThrow(OptionError)
    expect(() => plotSchedule([1], { width: 10 })).toThrow(OptionError)
    expect(() => plotHistogram([1], { bins: 0 })).toThrow(OptionError)
    expect(() => plotCalibration({ confidence: [0.5], correct: [1] }, { bins: 1 })).toThrow(OptionError)
    expect(() => plotConfusion([[1]], ["a"], { values: "counts" } as object)).toThrow(/did you mean "count"/)
    expect(() => plotImages([0], [1, 1, 1], { colums: 3 } as object)).toThrow(/did you mean "columns"/)
  })
})

describe("plotHistory", () => {
  it("has a panel for loss and one for accuracy, labelled at the lines' ends with the last values", () => {
    const found = texts(plotHistory(history(10)))
    expect(found.filter(text => text === "loss" || text === "accuracy")).toEqual(["loss", "accuracy"])
    const last = history(10)
    expect(found).toContain(`val_loss ${last.val_loss[9].toFixed(4)}`)
    expect(found).toContain(`accuracy ${last.accuracy[9].toFixed(4)}`)
    expect(found.filter(text => text === "Epoch")).toHaveLength(2)
  })

  it.each([1, 2, 3, 6, 7, 16, 50, 1000])("counts %i epochs from 1, in whole numbers", n => {
    const svg = plotHistory({ loss: decay(n, 1, 0.1) })
    const epochs = ticksUnder(svg)
    expect(epochs.every(Number.isInteger)).toBe(true)
    expect(Math.min(...epochs)).toBeGreaterThanOrEqual(1)
    expect(Math.max(...epochs)).toBeLessThanOrEqual(n)
    expectClean(svg)
  })

  it("draws a single epoch as a point", () => {
    const svg = plotHistory({ loss: [0.7], val_loss: [0.6] })
    expect(svg.match(/<circle /g)).toHaveLength(2)
    expect(texts(svg)).toContain("loss 0.7000")
    expectClean(svg)
  })

  it("leaves NaN and infinite values as gaps and names them", () => {
    const svg = plotHistory({ loss: [0.9, 0.8, Number.NaN, 0.7, 0.6, Infinity, Infinity, Infinity] })
    expect(texts(svg)).toContain("loss: NaN at epoch 3, Infinity at epochs 6–8")
    expect(svg).not.toMatch(/(?:d|x|y|cx|cy)="[^"]*(?:NaN|Infinity)/)
    const line = / d="(M[^"]*)"/.exec(svg.slice(svg.indexOf('stroke-width="2"')))![1]
    expect(line.match(/M/g)).toHaveLength(2)
    expectClean(svg)
  })

  it("survives a run without any finite value", () => {
    const svg = plotHistory({ loss: [Number.NaN, Number.NaN], val_loss: [Infinity, -Infinity] })
    expect(texts(svg)).toContain("loss: NaN at epochs 1–2")
    expect(texts(svg)).toContain("val_loss: Infinity at epoch 1, -Infinity at epoch 2")
    expectClean(svg)
  })

  it("never lets labels overlap, whatever the values", () => {
    const value = fc.oneof(
      { weight: 8, arbitrary: fc.double({ min: 0, max: 3, noNaN: true }) },
      fc.double(),
      fc.constant(Number.NaN),
    )
    const column = fc.array(value, { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(column, column, column, (loss, valLoss, accuracy) => {
        expectClean(plotHistory({ loss, val_loss: valLoss, accuracy }, { width: 420 }))
      }),
      { numRuns: 150 },
    )
  })

  it("puts other metrics after accuracy, and only those asked for", () => {
    const all = { mae: [1, 2], ...history(2), lr: [0.1, 0.2] }
    expect(texts(plotHistory(all)).filter(text => /^(loss|accuracy|mae|lr)$/.test(text))).toEqual([
      "loss",
      "accuracy",
      "mae",
      "lr",
    ])
    const only = texts(plotHistory(all, { metrics: ["lr"], log: ["lr"] }))
    expect(only).toContain("lr")
    expect(only).not.toContain("loss")
  })

  it("refuses what is no history", () => {
    expect(() => plotHistory({})).toThrow(/holds no epoch/)
    expect(() => plotHistory({ loss: [] })).toThrow(/holds no epoch/)
    expect(() => plotHistory({ loss: ["1"] } as object as Record<string, number[]>)).toThrow(/history\.loss/)
    expect(() => plotHistory(history(2), { metrics: ["f1"] })).toThrow(/"f1", which the history does not have/)
  })
})

describe("plotLines", () => {
  it("keeps the names of many lines apart, growing where they need it", () => {
    const lines = Array.from({ length: 40 }, (_, i) => ({ name: `optimizer number ${i}`, y: [0, 1, 1 + i * 1e-6] }))
    const svg = plotLines(lines, { title: "Race" })
    for (const { name } of lines) expect(texts(svg)).toContain(name)
    expectClean(svg)
  })

  it("moves annotations off each other", () => {
    const annotations = Array.from({ length: 6 }, (_, i) => ({
      text: `note ${i}`,
      at: [1, 1] as const,
      to: [2, 2] as const,
    }))
    expectClean(plotLines({ name: "a", y: [0, 1, 2] }, { annotations }))
  })

  it("names given points that cannot be drawn, on a logarithmic axis also zero and below", () => {
    const svg = plotLines({ name: "rate", y: [1, 0, -1, Number.NaN, 10] }, { yScale: "log", xLabel: "Step" })
    expect(texts(svg)).toContain("rate: not positive at steps 1–2, NaN at step 3")
  })

  it("refuses lines without points and domains the wrong way round", () => {
    expect(() => plotLines({ name: "a" })).toThrow(/must have y/)
    expect(() => plotLines({ name: "a", fn: x => x })).toThrow(/needs the option xDomain/)
    expect(() => plotLines({ name: "a", x: [1], y: [1, 2] })).toThrow(OptionError)
    expect(() => plotLines({ name: "a", y: [1] }, { yDomain: [1, -1] })).toThrow(/low < high/)
    expect(() => plotLines({ name: "a", y: [1] }, { rules: [{}] })).toThrow(/rules\[0\]/)
    expect(() => plotLines({ name: "a", y: [1] }, { annotations: [{ text: "x", at: [Number.NaN, 1] }] })).toThrow(
      OptionError,
    )
  })
})

describe("plotSchedule", () => {
  it("draws functions and values, from step 0", () => {
    const svg = plotSchedule({ power: s => 0.01 / (1 + s / 20), piecewise: [0.01, 0.01, 0.005] }, { steps: 25 })
    expect(texts(svg)).toEqual(expect.arrayContaining(["power", "piecewise", "0", "Step", "Learning rate"]))
    expectClean(svg)
  })

  it("thins long schedules but keeps both ends", () => {
    const seen: number[] = []
    plotSchedule(step => seen.push(step), { steps: 54_321 })
    expect(seen[0]).toBe(0)
    expect(seen.at(-1)).toBe(54_320)
    expect(seen.length).toBeLessThan(2100)
  })

  it("labels decades on a logarithmic axis", () => {
    const values = Array.from({ length: 7 }, (_, i) => Number(`1e${i - 5}`))
    expect(texts(plotSchedule(values, { yScale: "log" }))).toEqual(expect.arrayContaining(["1e−5", "0.01", "10"]))
  })

  it("needs steps for a function", () => {
    expect(() => plotSchedule(() => 1)).toThrow(/steps/)
    expect(() => plotSchedule({})).toThrow(/no schedule/)
  })
})

describe("plotHistogram", () => {
  it("counts every finite value once, the highest in the last bin", () => {
    const svg = plotHistogram([0, 0.1, 0.5, 0.999, 1, Number.NaN], { bins: 2 })
    const heights = [...svg.matchAll(/<rect (?=[^>]*y=)[^>]*?height="([\d.]+)"/g)].map(match => Number(match[1]))
    expect(heights).toHaveLength(2)
    expect(heights[1] / heights[0]).toBeCloseTo(3 / 2, 1)
    expect(texts(svg)).toEqual(expect.arrayContaining(["1 of 6 NaN or infinite"]))
  })

  it("prints mean, population standard deviation and count", () => {
    expect(texts(plotHistogram([2, 4, 4, 4, 5, 5, 7, 9]))).toContain("mean 5, std 2, n = 8")
  })

  it("draws a panel for each of several, also of constant values", () => {
    const svg = plotHistogram({ "Layer 0": [1, 1, 1], "Layer 100": [0.5, 1.5], broken: [Number.NaN] })
    expect(texts(svg)).toEqual(expect.arrayContaining(["Layer 0", "Layer 100", "no finite value"]))
    expectClean(svg)
  })

  it("says how many values lie outside of the domain", () => {
    expect(texts(plotHistogram([0, 1, 5, 6], { domain: [0, 2] }))).toContain("2 of 4 outside of the plot")
    expect(() => plotHistogram([])).toThrow(OptionError)
    expect(() => plotHistogram({ a: [] })).toThrow(/"a"/)
    expect(() => plotHistogram([1], { domain: [2, 1] })).toThrow(OptionError)
  })
})

describe("plotConfusion", () => {
  const matrix = garments.map((_, i) => garments.map((_, j) => (i === j ? 900 : (i * 7 + j * 3) % 23)))

  it("writes counts or shares, and the names of both axes", () => {
    const counts = texts(plotConfusion(matrix, garments))
    for (const name of garments) expect(counts.filter(text => text === name)).toHaveLength(2)
    expect(counts.filter(text => text === "900")).toHaveLength(10)
    expect(counts).not.toContain("0")
    expect(
      texts(
        plotConfusion(
          [
            [3, 1],
            [0, 4],
          ],
          ["a", "b"],
          { values: "share" },
        ),
      ),
    ).toContain("75%")
  })

  it.each([1, 2, 10, 40, 100])("keeps %i classes apart", n => {
    const names = Array.from({ length: n }, (_, i) => `class number ${i}`)
    const svg = plotConfusion(
      names.map((_, i) => names.map((_, j) => (i === j ? 123_456 : 7))),
      names,
    )
    expectClean(svg)
    if (n <= 10)
      expectClean(
        plotConfusion(
          matrix.slice(0, n).map(row => row.slice(0, n)),
          garments.slice(0, n),
        ),
      )
  })

  it("tells a screen reader the mistakes", () => {
    expect(
      plotConfusion(
        [
          [8, 2],
          [1, 9],
        ],
        ["cat", "dog"],
      ),
    ).toContain("17 of 20 examples on the diagonal. Most frequent mistakes: cat taken for dog (2)")
  })

  it("refuses matrices that are not square, negative counts, too few names", () => {
    expect(() => plotConfusion([[1, 2]], ["a", "b"])).toThrow(ShapeError)
    expect(() => plotConfusion([[1, 2], [1]], ["a", "b"])).toThrow(/row 1/)
    expect(() => plotConfusion([[-1]], ["a"])).toThrow(/row 0, column 0/)
    expect(() => plotConfusion([], [])).toThrow(OptionError)
  })
})

describe("plotImages", () => {
  it("shows captions and marks mistakes by more than colour", () => {
    const svg = plotImages(new Uint8Array(3 * 784), [3, 28, 28], {
      captions: [
        "Sneaker 98%\ntrue: Sneaker",
        "Shirt 51%\ntrue: Coat",
        "An unusually long caption that cannot fit its place",
      ],
      wrong: [false, true, false],
    })
    expect(texts(svg)).toEqual(expect.arrayContaining(["Sneaker 98%", "✗ Shirt 51%", "true: Coat"]))
    expect(texts(svg).some(text => text.endsWith("…"))).toBe(true)
    expect(svg.match(/<image /g)).toHaveLength(3)
    expectClean(svg)
  })

  it("refuses shapes that do not fit", () => {
    expect(() => plotImages([1, 2, 3], [1, 2, 2])).toThrow(/does not fit/)
    expect(() => plotImages([1, 2], [1, 1, 1, 2])).toThrow(ShapeError)
    expect(() => plotImages([1], [1, 1])).toThrow(ShapeError)
    expect(() => plotImages([1], [1, 1, 1], { captions: [] })).toThrow(/captions/)
    expect(() => plotImages([1], [1, 1, 1], { range: [1, 1] })).toThrow(OptionError)
  })
})

describe("plotCalibration", () => {
  it("gives the expected calibration error of Guo et al.", () => {
    // Bins (0.6, right), (0.9, 0.9; one right): ECE = 1/3 * |1 - 0.6| + 2/3 * |0.5 - 0.9| = 0.4
    const svg = plotCalibration({ confidence: [0.6, 0.9, 0.9], correct: [1, 0, 1] })
    expect(texts(svg)).toContain("ECE 0.4000")
  })

  it("compares models", () => {
    const confidence = Array.from({ length: 50 }, (_, i) => 0.5 + i / 100)
    const models = {
      dropout: { confidence, correct: confidence.map((_, i) => i % 2) },
      "MC dropout": { confidence, correct: confidence.map(() => 1) },
    }
    for (const width of [320, 820]) {
      const svg = plotCalibration(models, { width })
      expect(texts(svg).some(text => text.startsWith("MC dropout, ECE"))).toBe(true)
      expectClean(svg)
    }
  })

  it("refuses confidences that are none", () => {
    expect(() => plotCalibration({ confidence: [1.5], correct: [1] })).toThrow(/1.5 at index 0/)
    expect(() => plotCalibration({ confidence: [0.5], correct: [] })).toThrow(ShapeError)
    expect(() => plotCalibration({})).toThrow(OptionError)
  })
})

/** The numbers along the horizontal axis. */
function ticksUnder(svg: string): number[] {
  const labels = [...svg.matchAll(/y="([\d.]+)" font-size="11" text-anchor="middle" fill="#57606a">([^<]+)</g)]
  return labels.map(match => Number(match[2].replaceAll(",", "")))
}
