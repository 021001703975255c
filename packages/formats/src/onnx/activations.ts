import type { GraphBuilder } from "./builder.ts"

/** An activation's settings, as its configuration names them. */
export type Settings = Readonly<Record<string, unknown>>

type Make = (b: GraphBuilder, x: string, settings: Settings) => string

/** How ONNX computes each activation of Keras. Formulas follow core's ops. */
export const onnxActivations: Readonly<Record<string, Make>> = {
  linear: (_, x) => x,
  relu,
  leaky_relu: (b, x, s) => b.op("LeakyRelu", [x], { alpha: numberOf(s, "negative_slope", 0.2) }),
  relu6: (b, x) => b.op("Clip", [x, b.constant(0), b.constant(6)]),
  celu: (b, x, s) => b.op("Celu", [x], { alpha: numberOf(s, "alpha", 1) }),
  elu: (b, x, s) => b.op("Elu", [x], { alpha: numberOf(s, "alpha", 1) }),
  selu: (b, x) => b.op("Selu", [x], { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  gelu,
  silu,
  swish: silu,
  sigmoid: (b, x) => b.op("Sigmoid", [x]),
  hard_sigmoid: hardSigmoid,
  hard_silu: (b, x) => b.op("Mul", [x, hardSigmoid(b, x)]),
  hard_swish: (b, x) => b.op("Mul", [x, hardSigmoid(b, x)]),
  hard_shrink: (b, x, s) => b.op("Shrink", [x], { lambd: numberOf(s, "threshold", 0.5), bias: 0.0 }),
  hard_tanh: (b, x) => b.op("Clip", [x, b.constant(-1), b.constant(1)]),
  log_sigmoid: (b, x) => b.op("Neg", [b.op("Softplus", [b.op("Neg", [x])])]),
  tanh: (b, x) => b.op("Tanh", [x]),
  tanh_shrink: (b, x) => b.op("Sub", [x, b.op("Tanh", [x])]),
  soft_shrink: (b, x, s) => {
    const lambd = numberOf(s, "threshold", 0.5)
    return b.op("Shrink", [x], { lambd, bias: lambd })
  },
  sparse_plus: sparsePlus,
  sparse_sigmoid: (b, x) => b.op("Clip", [halved(b, b.op("Add", [x, b.constant(1)])), b.constant(0), b.constant(1)]),
  squareplus: (b, x, s) => {
    const root = b.op("Sqrt", [b.op("Add", [b.op("Mul", [x, x]), b.constant(numberOf(s, "b", 4))])])
    return halved(b, b.op("Add", [x, root]))
  },
  softplus: (b, x) => b.op("Softplus", [x]),
  softsign: (b, x) => b.op("Softsign", [x]),
  mish: (b, x) => b.op("Mul", [x, b.op("Tanh", [b.op("Softplus", [x])])]),
  exponential: (b, x) => b.op("Exp", [x]),
  softmax: (b, x, s) => b.op("Softmax", [x], { axis: BigInt(numberOf(s, "axis", -1)) }),
  log_softmax: (b, x, s) => b.op("LogSoftmax", [x], { axis: BigInt(numberOf(s, "axis", -1)) }),
}

/** A number among settings. */
export function numberOf(settings: Settings, key: string, missing: number): number {
  const value = settings[key]
  return typeof value === "number" ? value : missing
}

/** f(x) = maxValue from there on, x above the threshold, negativeSlope (x - threshold) below it. */
function relu(b: GraphBuilder, x: string, settings: Settings): string {
  const slope = numberOf(settings, "negative_slope", 0)
  const threshold = numberOf(settings, "threshold", 0)
  const { max_value: most } = settings
  let y: string
  if (threshold === 0) y = slope === 0 ? b.op("Relu", [x]) : b.op("LeakyRelu", [x], { alpha: slope })
  else {
    const at = b.constant(threshold)
    const below = b.op("Mul", [b.op("Sub", [x, at]), b.constant(slope)])
    y = b.op("Where", [b.op("GreaterOrEqual", [x, at]), x, below])
  }
  return typeof most === "number" ? b.op("Min", [y, b.constant(most)]) : y
}

function halved(b: GraphBuilder, x: string): string {
  return b.op("Mul", [x, b.constant(0.5)])
}

/** (relu(x + 1) / 2)² below 1, x from there on. */
function sparsePlus(b: GraphBuilder, x: string): string {
  const root = halved(b, b.op("Relu", [b.op("Add", [x, b.constant(1)])]))
  return b.op("Where", [b.op("Less", [x, b.constant(1)]), b.op("Mul", [root, root]), x])
}

function silu(b: GraphBuilder, x: string): string {
  return b.op("Mul", [x, b.op("Sigmoid", [x])])
}

/** relu6(x + 3) / 6, of `scale` x when there is one. */
function hardSigmoid(b: GraphBuilder, x: string, settings: Settings = {}): string {
  const scale = numberOf(settings, "scale", 1)
  const scaled = scale === 1 ? x : b.op("Mul", [x, b.constant(scale)])
  const shifted = b.op("Clip", [b.op("Add", [scaled, b.constant(3)]), b.constant(0), b.constant(6)])
  return b.op("Div", [shifted, b.constant(6)])
}

/** x Phi(x): exactly with erf, or with tanh. */
function gelu(b: GraphBuilder, x: string, settings: Settings): string {
  const half = halved(b, x)
  const one = b.constant(1)
  if (settings.approximate !== true) {
    const erf = b.op("Erf", [b.op("Div", [x, b.constant(Math.fround(Math.SQRT2))])])
    return b.op("Mul", [half, b.op("Add", [erf, one])])
  }
  const cube = b.op("Mul", [b.op("Mul", [x, x]), x])
  const inner = b.op("Add", [x, b.op("Mul", [cube, b.constant(0.044715)])])
  const tanh = b.op("Tanh", [b.op("Mul", [inner, b.constant(0.7978845608028654)])])
  return b.op("Mul", [half, b.op("Add", [tanh, one])])
}
