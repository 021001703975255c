import {
  elu,
  gelu,
  leakyRelu,
  math,
  relu,
  selu,
  sigmoid,
  silu,
  softplus,
  stream,
  type Tensor,
  tanh,
  tensor,
} from "@selvedge/core"
import { getInitializer, type InitializerName } from "@selvedge/layers"
import { type Line, type LinesOptions, plotHistogram, plotLines } from "@selvedge/report"
import type { Draw, Lab, Study } from "../experiment.ts"

/** A function of the library as a line from -end to end. */
function curve(name: string, fn: (x: Tensor) => Tensor, end = 5): Line {
  const z = Float32Array.from({ length: 401 }, (_, i) => (end * (i - 200)) / 200)
  return { name, x: [...z], y: [...fn(tensor(z, [z.length])).data] }
}

const axes = [{ x: 0 }, { y: 0 }]
const wide = { xDomain: [-5, 5], xLabel: "z" } as const satisfies LinesOptions

/**
 * SELU's two constants by equation 14 of Klambauer et al. (2017): the ones with which mean 0 and variance 1 are a fixed
 * point of a layer.
 */
export function seluConstants(): { alpha: number; scale: number } {
  const { erfc, exp } = math
  const e = exp(1)
  const [a, b] = [erfc(Math.SQRT1_2), erfc(Math.SQRT2)]
  const alpha = -Math.sqrt(2 / Math.PI) / (a * exp(0.5) - 1)
  const inner = 2 * b * e * e + Math.PI * a * a * e - 2 * (2 + Math.PI) * a * Math.sqrt(e) + Math.PI + 2
  const scale = ((1 - a * Math.sqrt(e)) * Math.sqrt(2 * Math.PI)) / Math.sqrt(inner)
  return { alpha, scale }
}

/** The chapter's figures of activation functions, and of what initializers draw. */
export const figures: Study = {
  title: "The chapter's figures",
  epochs: 0,
  async run(lab) {
    await lab.figure("sigmoid_saturation_plot", sigmoidPlot)
    await lab.figure("leaky_relu_plot", leakyReluPlot)
    await lab.figure("elu_plot", eluPlot)
    await lab.figure("selu_plot", seluPlot(lab))
    await lab.figure("activation_gallery", gallery)
    await lab.figure("initializers_plot", initializersPlot(lab.seed))
  },
}

const sigmoidPlot: Draw = size =>
  plotLines([curve("sigmoid", sigmoid), { name: "tangent at 0", fn: t => t / 4 + 0.5, dashed: true }], {
    ...wide,
    ...size,
    title: "Sigmoid activation function",
    yDomain: [-0.2, 1.2],
    rules: [{ x: 0 }, { y: 0, dashed: true }, { y: 1, dashed: true }],
    annotations: [
      { text: "Saturating", at: [3.5, 0.7], to: [4.2, 0.98] },
      { text: "Saturating", at: [-3.5, 0.3], to: [-4.2, 0.02] },
      { text: "Linear", at: [2, 0.2], to: [0.3, 0.55] },
    ],
  })

const leakyReluPlot: Draw = size =>
  plotLines(
    curve("leaky_relu", x => leakyRelu(x, { negativeSlope: 0.05 })),
    {
      ...wide,
      ...size,
      title: "Leaky ReLU activation function",
      yDomain: [-0.5, 4.2],
      rules: axes,
      annotations: [{ text: "Leak", at: [-3.5, 0.7], to: [-3.5, -0.16] }],
    },
  )

const eluPlot: Draw = size =>
  plotLines(
    curve("elu", x => elu(x)),
    {
      ...wide,
      ...size,
      title: "ELU activation function (α = 1)",
      yDomain: [-2.2, 3.2],
      rules: [...axes, { y: -1, dashed: true }],
    },
  )

function seluPlot(lab: Lab): Draw {
  const { alpha, scale } = seluConstants()
  lab.print(`SELU by equation 14: alpha ${alpha.toFixed(10)}, scale ${scale.toFixed(10)}`)
  lab.fact("selu", { alpha, scale })
  return size =>
    plotLines(curve("selu", selu), {
      ...wide,
      ...size,
      title: "SELU activation function",
      yDomain: [-2.2, 3.2],
      rules: [...axes, { y: -alpha * scale, dashed: true }],
    })
}

function gallery(size: { readonly width?: number }): string {
  const all: Record<string, (x: Tensor) => Tensor> = {
    sigmoid,
    tanh,
    relu: x => relu(x),
    leaky_relu: x => leakyRelu(x, { negativeSlope: 0.05 }),
    elu: x => elu(x),
    selu,
    softplus,
    silu,
    gelu: x => gelu(x),
  }
  const lines = Object.entries(all).map(([name, fn]) => curve(name, fn, 3))
  return plotLines(lines, {
    title: "Activations",
    xDomain: [-3, 3],
    yDomain: [-2, 3.2],
    rules: axes,
    xLabel: "z",
    height: 420,
    ...size,
  })
}

function initializersPlot(seed: number): Draw {
  const names: InitializerName[] = [
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_uniform",
    "lecun_normal",
  ]
  const drawn = names.map(name => [name, getInitializer(name).call([300, 100], stream(seed, "figures", name)).data])
  const title = "Initializers, 300 inputs and 100 outputs"
  return size => plotHistogram(Object.fromEntries(drawn), { title, xLabel: "Weight", ...size })
}
