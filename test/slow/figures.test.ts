import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type RunRecord, runExperiment, runFolder } from "@selvedge/chapter11"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { axisExtents, clipped, overlaps, texts } from "../report/svgTexts.ts"

const out = mkdtempSync(join(tmpdir(), "chapter11-figures-"))
const environment = { ...process.env }
const settings = { epochs: null, quick: true, data: null }
const records = new Map<string, RunRecord>()

// Garments are drawn: no folder is named, the cache is empty, and a quick run never downloads.
beforeAll(async () => {
  process.env.XDG_CACHE_HOME = out
  process.env.SELVEDGE_DATASETS = ""
  const keys = ["figures", "standardize", "selu_1000", "split", "optimizers", "lr_finder", "one_cycle", "alpha_dropout"]
  for (const key of [...keys, "mc_dropout", "cifar10_elu"]) {
    records.set(key, await runExperiment({ out, key, seed: 42, settings }))
  }
}, 300_000)
afterAll(() => {
  process.env = environment
  rmSync(out, { recursive: true, force: true })
})

const svg = (key: string, ...path: string[]) => readFileSync(join(runFolder(out, key, 42), ...path), "utf8")
const covers = (key: string, name: string, x: [number, number], y: [number, number]) => {
  const extents = axisExtents(svg(key, `${name}.svg`))
  for (const [got, want] of [
    [extents.x, x],
    [extents.y, y],
  ] as const) {
    for (const end of [0, 1] as const) expect(Math.abs(got[end] - want[end]), `${name}: ${got}`).toBeLessThan(0.02)
  }
}

/** Every picture of each experiment. */
const pictures: Record<string, readonly string[]> = {
  figures: [
    "sigmoid_saturation_plot",
    "leaky_relu_plot",
    "elu_plot",
    "selu_plot",
    "activation_gallery",
    "initializers_plot",
  ],
  standardize: ["pixel_means_plot", "standardized_pixels_plot"],
  selu_1000: ["selu_1000_layers_plot"],
  split: ["split_A_plot", "split_B_plot"],
  lr_finder: ["lr_finder_plot"],
  one_cycle: ["curves", "learning_rate", "confusion", "predictions", "activations"],
  mc_dropout: ["mc_dropout_calibration_plot", "mc_dropout_uncertainty_plot"],
  cifar10_elu: ["curves", "confusion", "predictions", "activations"],
}

describe("every picture", () => {
  it.each(Object.entries(pictures))(
    "of %s: no text overlaps another or is cut off, for desks and for phones",
    (key, names) => {
      expect(records.get(key)?.figures).toEqual(names)
      for (const name of names) {
        for (const text of [svg(key, `${name}.svg`), svg(key, "narrow", `${name}.svg`)]) {
          expect(overlaps(text), name).toEqual([])
          expect(clipped(text), name).toEqual([])
        }
        // Numbers of a confusion matrix have no room on a phone: it scrolls.
        if (name === "confusion") continue
        expect(svg(key, "narrow", `${name}.svg`), name).toMatch(/viewBox="0 0 (2[4-9]\d|3[0-3]\d|340)(\.\d+)? /)
      }
    },
  )

  it("of the optimizers' race", () => {
    const { figures = [] } = records.get("optimizers") ?? {}
    expect(figures).toContain("optimizers_val_loss_plot")
    for (const name of figures) {
      for (const text of [svg("optimizers", `${name}.svg`), svg("optimizers", "narrow", `${name}.svg`)]) {
        expect(overlaps(text), name).toEqual([])
        expect(clipped(text), name).toEqual([])
      }
    }
  })

  it("for print has 300 dots an inch, and a line says so", () => {
    for (const [key, names] of Object.entries(pictures)) {
      for (const name of names.filter(name => name.endsWith("_plot") || name === "activation_gallery")) {
        expect(records.get(key)?.lines).toContain(`Saving figure ${name}`)
        // 300 dots an inch stand in a PNG as 11811 a metre.
        const png = readFileSync(join(runFolder(out, key, 42), `${name}.png`))
        expect(png.readUInt32BE(png.indexOf("pHYs") + 4), name).toBe(11811)
      }
    }
  })
})

describe("what is in them", () => {
  it("sigmoid: both asymptotes and the tangent dashed, three arrows", () => {
    const text = svg("figures", "sigmoid_saturation_plot.svg")
    covers("figures", "sigmoid_saturation_plot", [-5, 5], [-0.2, 1.2])
    const found = texts(text)
    expect(found.filter(one => one === "Saturating")).toHaveLength(2)
    for (const one of ["Linear", "Sigmoid activation function", "−5", "5", "−0.2", "1.2", "z"])
      expect(found).toContain(one)
    expect(text.match(/stroke-dasharray="6 4"/g)).toHaveLength(3)
    expect(text.match(/<path d="M[^"]+L[^"]+L[^"]+Z" fill="currentColor"\/>/g)).toHaveLength(3)
  })

  it("leaky ReLU: its leak has an arrow", () => {
    covers("figures", "leaky_relu_plot", [-5, 5], [-0.5, 4.2])
    expect(texts(svg("figures", "leaky_relu_plot.svg"))).toEqual(expect.arrayContaining(["Leak", "−5", "5", "4"]))
  })

  it("ELU and SELU: asymptotes at -1 and -1.758", () => {
    for (const [name, asymptote] of [
      ["elu_plot", -1],
      ["selu_plot", -1.7581],
    ] as const) {
      covers("figures", name, [-5, 5], [-2.2, 3.2])
      const text = svg("figures", `${name}.svg`)
      const dashed = /<g[^>]*stroke-dasharray="6 4"[^>]*>.*?\by1="([\d.]+)"/.exec(text)!
      const [bottom, top] = [300, 8]
      const value = -2.2 + (5.4 * (bottom - Number(dashed[1]))) / (bottom - top)
      expect(value, name).toBeCloseTo(asymptote, 2)
    }
  })

  it("gallery and initializers: everything is named", () => {
    covers("figures", "activation_gallery", [-3, 3], [-2, 3.2])
    expect(texts(svg("figures", "activation_gallery.svg"))).toEqual(
      expect.arrayContaining(["sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "silu", "gelu"]),
    )
    const names = ["glorot", "he", "lecun"].flatMap(name => [`${name}_uniform`, `${name}_normal`])
    const found = texts(svg("figures", "initializers_plot.svg"))
    expect(found).toEqual(expect.arrayContaining(names))
    // 300 inputs, 100 outputs: sqrt(2 / 400), sqrt(2 / 300), sqrt(1 / 300).
    const deviations = found.flatMap(text => /std ([\d.]+)/.exec(text)?.[1] ?? []).map(Number)
    const wanted = [0.0707, 0.0707, 0.0816, 0.0816, 0.0577, 0.0577]
    for (const [i, want] of wanted.entries()) expect(Math.abs((deviations[i] ?? 0) / want - 1)).toBeLessThan(0.02)
  })

  it("a thousand SELU layers: both lines named, over all layers", () => {
    covers("selu_1000", "selu_1000_layers_plot", [0, 999], [-0.5, 1.5])
    expect(texts(svg("selu_1000", "selu_1000_layers_plot.svg"))).toEqual(
      expect.arrayContaining(["mean", "std deviation", "Layer"]),
    )
    const lines = records
      .get("selu_1000")
      ?.lines.filter(line => /^Layer \d+: mean -?0\.\d\d, std deviation [01]\.\d\d$/.test(line))
    expect(lines).toHaveLength(10)
  })

  it("schedules: 1cycle climbs to its highest rate and falls under its lowest", () => {
    const { steps = [], values = [] } = records.get("one_cycle")?.parts[""]?.rates ?? {}
    expect(Math.max(...values)).toBe(0.05)
    const { x } = axisExtents(svg("one_cycle", "learning_rate.svg"))
    expect(x[1]).toBeCloseTo(steps.at(-1)!, 1)
    expect(texts(svg("one_cycle", "learning_rate.svg"))).toEqual(expect.arrayContaining(["Step", "Learning rate"]))
  })

  it("range test: a logarithmic axis of rates", () => {
    expect(texts(svg("lr_finder", "lr_finder_plot.svg"))).toEqual(
      expect.arrayContaining(["1e−5", "Learning rate", "Loss", "loss", "smoothed"]),
    )
  })

  it("race: all nine names, epochs in whole numbers", () => {
    const found = texts(svg("optimizers", "optimizers_val_loss_plot.svg"))
    const names = ["SGD", "momentum", "Nesterov", "Adagrad", "RMSprop", "Adam", "Adamax", "Nadam", "AdamW"]
    expect(found).toEqual(expect.arrayContaining([...names, "Epoch", "1", "2"]))
    expect(found).not.toContain("1.5")
  })

  it("images: captions, mistakes marked", () => {
    const images = (key: string, name: string) => svg(key, `${name}.svg`).match(/<image /g)
    expect(images("split", "split_A_plot")).toHaveLength(20)
    expect(images("mc_dropout", "mc_dropout_uncertainty_plot")).toHaveLength(12)
    expect(images("one_cycle", "predictions")?.length).toBeGreaterThan(10)
    expect(texts(svg("standardize", "pixel_means_plot.svg"))).toEqual(expect.arrayContaining(["mean", "std deviation"]))
    expect(texts(svg("one_cycle", "predictions.svg")).some(text => text.startsWith("✗ "))).toBe(true)
    expect(
      texts(svg("mc_dropout", "mc_dropout_calibration_plot.svg")).filter(text => text.includes("ECE")),
    ).toHaveLength(2)
  })

  it("exercise 8: the best epoch's weights are kept", () => {
    const { facts = {}, history = {}, lines = [] } = records.get("cifar10_elu") ?? {}
    const [loss] = facts.best as readonly number[]
    expect(loss).toBeCloseTo(Math.min(...(history.val_loss as number[])), 4)
    expect(lines[0]).toBe(
      `Validation images with the best epoch's weights: loss ${loss!.toFixed(4)}, accuracy ${(facts.best as number[])[1]!.toFixed(4)}`,
    )
  })

  it("confusion: every class on both sides", () => {
    const found = texts(svg("one_cycle", "confusion.svg"))
    for (const name of ["T-shirt/top", "Sandal", "Ankle boot"])
      expect(found.filter(text => text === name)).toHaveLength(2)
    expect(found).toEqual(expect.arrayContaining(["Predicted class", "True class"]))
  })
})
