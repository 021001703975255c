import { type LinesOptions, plotHistogram, plotLines } from "@selvedge/report"
import { describe, expect, it } from "vitest"
import { clipped, overlaps, texts } from "./svgTexts.ts"

const sigmoid = (z: number) => 1 / (1 + Math.exp(-z))
const alpha = 1.6732632423543772
const scale = 1.0507009873554805
const elu = (z: number) => (z < 0 ? Math.expm1(z) : z)
const axes = [{ x: 0 }, { y: 0 }]
const wide = { xDomain: [-5, 5], xLabel: "z" } as const satisfies LinesOptions

/** The chapter's figures, as the chapter draws them. */
const figures: Record<string, string> = {
  sigmoid_saturation_plot: plotLines(
    [
      { name: "sigmoid", fn: sigmoid },
      { name: "tangent at 0", fn: z => z / 4 + 0.5, dashed: true },
    ],
    {
      ...wide,
      title: "Sigmoid activation function",
      yDomain: [-0.2, 1.2],
      rules: [{ x: 0 }, { y: 0, dashed: true }, { y: 1, dashed: true }],
      annotations: [
        { text: "Saturating", at: [3.5, 0.7], to: [4.2, 0.98] },
        { text: "Saturating", at: [-3.5, 0.3], to: [-4.2, 0.02] },
        { text: "Linear", at: [2, 0.2], to: [0.3, 0.55] },
      ],
    },
  ),
  leaky_relu_plot: plotLines(
    { name: "leaky_relu", fn: z => Math.max(0.05 * z, z) },
    {
      ...wide,
      title: "Leaky ReLU activation function",
      yDomain: [-0.5, 4.2],
      rules: axes,
      annotations: [{ text: "Leak", at: [-3.5, 0.7], to: [-3.5, -0.16] }],
    },
  ),
  elu_plot: plotLines(
    { name: "elu", fn: elu },
    {
      ...wide,
      title: "ELU activation function (α = 1)",
      yDomain: [-2.2, 3.2],
      rules: [...axes, { y: -1, dashed: true }],
    },
  ),
  selu_plot: plotLines(
    { name: "selu", fn: z => scale * (z < 0 ? alpha * Math.expm1(z) : z) },
    { ...wide, title: "SELU activation function", yDomain: [-2.2, 3.2], rules: [...axes, { y: -1.758, dashed: true }] },
  ),
  activation_gallery: plotLines(
    [
      { name: "sigmoid", fn: sigmoid },
      { name: "tanh", fn: Math.tanh },
      { name: "relu", fn: z => Math.max(0, z) },
      { name: "leaky_relu", fn: z => Math.max(0.05 * z, z) },
      { name: "elu", fn: elu },
      { name: "selu", fn: z => scale * (z < 0 ? alpha * Math.expm1(z) : z) },
      { name: "softplus", fn: z => Math.log1p(Math.exp(z)) },
      { name: "silu", fn: z => z * sigmoid(z) },
    ],
    { title: "Activations", xDomain: [-3, 3], rules: axes },
  ),
  initializers: plotHistogram(
    Object.fromEntries(
      ["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_uniform", "lecun_normal"].map((name, k) => [
        name,
        Float32Array.from(
          { length: 900 },
          (_, i) => (0.02 * (k + 1) * (Math.imul(i, 7919) % 901)) / 450 - 0.02 * (k + 1),
        ),
      ]),
    ),
    { title: "Initializers, 300 inputs and 100 outputs", xLabel: "Weight" },
  ),
}

describe("the chapter's figures", () => {
  it.each(Object.entries(figures))("%s: no text overlaps another or is cut off", (_, svg) => {
    expect(overlaps(svg)).toEqual([])
    expect(clipped(svg)).toEqual([])
  })

  it("sigmoid_saturation_plot: texts, extents, asymptotes, tangent, three arrows", () => {
    const svg = figures.sigmoid_saturation_plot
    const found = texts(svg)
    expect(found.filter(text => text === "Saturating")).toHaveLength(2)
    expect(found).toContain("Linear")
    expect(found).toContain("Sigmoid activation function")
    for (const tick of ["−5", "5", "−0.2", "1.2", "z"]) expect(found).toContain(tick)
    expect(found).not.toContain("6")
    expect(found).not.toContain("1.4")
    expect(svg.match(/stroke-dasharray="6 4"/g)).toHaveLength(3)
    expect(arrows(svg)).toHaveLength(3)
  })

  it("leaky_relu_plot: the arrow named Leak ends just above the line", () => {
    const found = texts(figures.leaky_relu_plot)
    expect(found).toContain("Leak")
    expect(found).toContain("4")
    expect(found).not.toContain("5.0")
    expect(arrows(figures.leaky_relu_plot)).toHaveLength(1)
  })

  it("elu_plot and selu_plot: asymptotes at −1 and −1.758", () => {
    expect(ruleValue(figures.elu_plot)).toBeCloseTo(-1, 3)
    expect(ruleValue(figures.selu_plot)).toBeCloseTo(-1.758, 3)
  })

  it("activation_gallery: every line is named at its end", () => {
    const found = texts(figures.activation_gallery)
    for (const name of ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "silu"]) {
      expect(found).toContain(name)
    }
  })
})

/** Arrow heads: closed triangles. */
function arrows(svg: string): string[] {
  return svg.match(/<path d="M[^"]+L[^"]+L[^"]+Z" fill="currentColor"\/>/g) ?? []
}

/** Height of the dashed horizontal line in data units, from its pixels and those of two tick labels. */
function ruleValue(svg: string): number {
  const dashed = /<g[^>]*stroke-dasharray="6 4"[^>]*>(.*?)<\/g>/.exec(svg)![1]
  const pixel = Number(/ y1="([\d.]+)"/.exec(dashed)![1])
  const tick = (text: string) =>
    Number(new RegExp(`y="([\\d.]+)"[^>]*text-anchor="end"[^>]*>${text}</text>`).exec(svg)![1])
  const [two, minusTwo] = [tick("2"), tick("−2")]
  return 2 - (4 * (pixel - (two - 11 * 0.35))) / (minusTwo - two)
}
