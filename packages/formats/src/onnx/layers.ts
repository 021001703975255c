import { FormatError, type TensorLike, tensor } from "@selvedge/core"
import { type Layer, nameOfClass } from "@selvedge/layers"
import { toFloat } from "../keras/weightsV3.ts"
import { numberOf, onnxActivations, type Settings } from "./activations.ts"
import type { GraphBuilder } from "./builder.ts"
import { imageLayers } from "./images.ts"

/** One layer's application: its configuration, its weights, its inputs with their ranks. */
export interface Call {
  readonly b: GraphBuilder
  readonly layer: Layer
  readonly config: Settings
  readonly inputs: readonly string[]
  /** Rank of the first input, the batch included. */
  readonly rank: number
  /** A weight as a constant, or undefined when the layer has none of that key. */
  readonly weight: (key: string) => string | undefined
}

/** Writes a layer into the graph and gives its output's name. */
export type Export = (call: Call, x: string) => string

const same: Export = (_, x) => x

/** Every layer that can be exported. Layers that only act in training pass their input on. */
const table: Readonly<Record<string, Export>> = {
  ...imageLayers(activate),
  InputLayer: same,
  Dropout: same,
  AlphaDropout: same,
  GaussianNoise: same,
  GaussianDropout: same,
  ActivityRegularization: same,
  RandomFlip: same,
  RandomRotation: same,
  RandomTranslation: same,
  RandomZoom: same,
  Dense: dense,
  Activation: (call, x) => activate(call, x),
  ReLU: ({ b, config }, x) => onnxActivations.relu!(b, x, config),
  LeakyReLU: ({ b, config }, x) => onnxActivations.leaky_relu!(b, x, { negative_slope: 0.3, ...config }),
  ELU: ({ b, config }, x) => onnxActivations.elu!(b, x, config),
  SELU: ({ b, config }, x) => onnxActivations.selu!(b, x, config),
  Softmax: softmax,
  PReLU: ({ b, weight }, x) => b.op("PRelu", [x, weight("alpha")!]),
  Flatten: ({ b, config, rank }, x) => {
    const turn = config.data_format === "channels_first" && rank > 2
    const perm = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1].map(BigInt)
    return b.op("Flatten", [turn ? b.op("Transpose", [x], { perm }) : x], { axis: 1n })
  },
  Reshape: ({ b, config }, x) => b.op("Reshape", [x, b.integers([0, ...numbersOf(config, "target_shape")])]),
  Permute: ({ b, config }, x) => b.op("Transpose", [x], { perm: [0, ...numbersOf(config, "dims")].map(BigInt) }),
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  UnitNormalization: unitNormalization,
  Normalization: normalization,
  Rescaling: ({ b, config }, x) => {
    const constant = (key: string) => {
      const values = tensor(config[key] as TensorLike)
      return b.constant(toFloat(values.read()), values.shape)
    }
    return b.op("Add", [b.op("Mul", [x, constant("scale")]), constant("offset")])
  },
  Embedding: ({ b, weight }, x) => b.op("Gather", [weight("embeddings")!, b.op("Cast", [x], { to: 7n })], { axis: 0n }),
  Add: ({ b, inputs }) => fold(b, "Add", inputs),
  Subtract: ({ b, inputs }) => fold(b, "Sub", inputs),
  Multiply: ({ b, inputs }) => fold(b, "Mul", inputs),
  Average: ({ b, inputs }) => b.op("Div", [fold(b, "Add", inputs), b.constant(inputs.length)]),
  Maximum: ({ b, inputs }) => b.op("Max", inputs),
  Minimum: ({ b, inputs }) => b.op("Min", inputs),
  Concatenate: ({ b, inputs, config }) => b.op("Concat", inputs, { axis: BigInt(numberOf(config, "axis", -1)) }),
}

/**
 * Writes one layer into the graph.
 * @throws FormatError naming a layer or activation that ONNX has no form for here.
 */
export function exportLayer(b: GraphBuilder, layer: Layer, inputs: readonly string[], rank: number): string {
  const className = nameOfClass(layer.constructor)
  const make = Object.hasOwn(table, className) ? table[className] : undefined
  if (!make) {
    throw new FormatError(`toOnnx: layer "${layer.name}" (${className}) cannot be exported`, {
      facts: { exportable: Object.keys(table).join(", ") },
    })
  }
  return b.within(layer.name, () => {
    const config: Settings = layer.getConfig()
    const weight = (key: string) => {
      const found = layer.weights.find(w => w.key === key)
      return found && b.constant(toFloat(found.read()), found.shape, key)
    }
    return make({ b, layer, config, inputs, rank, weight }, inputs[0]!)
  })
}

/** Applies the activation that a layer's configuration names. */
export function activate({ b, layer, config, rank }: Pick<Call, "b" | "layer" | "config" | "rank">, x: string): string {
  const value = config.activation
  const inner = layer.sublayers()[0]
  if (inner) return exportLayer(b, inner, [x], rank)
  const [name, settings] = nameAndSettings(value)
  const make = name !== undefined && Object.hasOwn(onnxActivations, name) ? onnxActivations[name] : undefined
  if (make) return make(b, x, settings)
  throw new FormatError(`toOnnx: layer "${layer.name}": activation ${JSON.stringify(value)} cannot be exported`, {
    facts: { exportable: Object.keys(onnxActivations).join(", ") },
  })
}

function nameAndSettings(value: unknown): [string | undefined, Settings] {
  if (value === null || value === undefined) return ["linear", {}]
  if (typeof value === "string") return [value, {}]
  if (typeof value !== "object" || !("class_name" in value) || !("config" in value)) return [undefined, {}]
  if (value.class_name === "function") return [String(value.config), {}]
  return [String(value.class_name), value.config as Settings]
}

function dense(call: Call, x: string): string {
  const { b, weight } = call
  const bias = weight("bias")
  const y = b.op("MatMul", [x, weight("kernel")!])
  return activate(call, bias ? b.op("Add", [y, bias]) : y)
}

/** A shape that puts a vector of channels onto one axis: `[1, c, 1]`. */
function broadcast({ b, rank }: Call, constant: string, axis: number, size: number): string {
  const at = axis < 0 ? axis + rank : axis
  if (at === rank - 1) return constant
  const shape = Array.from({ length: rank }, (_, i) => (i === at ? size : 1))
  return b.op("Reshape", [constant, b.integers(shape)])
}

function batchNormalization(call: Call, x: string): string {
  const { b, config, layer, weight } = call
  const axis = numberOf(config, "axis", -1)
  const size = layer.weights[0]!.size
  const put = (constant: string) => broadcast(call, constant, axis, size)
  const variance = b.op("Add", [weight("moving_variance")!, b.constant(numberOf(config, "epsilon", 1e-3))])
  const centred = b.op("Sub", [x, put(weight("moving_mean")!)])
  return scaleAndShift(call, b.op("Div", [centred, put(b.op("Sqrt", [variance]))]), put)
}

function scaleAndShift({ b, weight }: Call, x: string, put: (constant: string) => string): string {
  const [gamma, beta] = [weight("gamma"), weight("beta")]
  const scaled = gamma ? b.op("Mul", [x, put(gamma)]) : x
  return beta ? b.op("Add", [scaled, put(beta)]) : scaled
}

/** Over one axis, or over several that share one sum. */
function softmax({ b, config, rank }: Call, x: string): string {
  const axes = axesOf(config, rank)
  if (axes.length === 1) return b.op("Softmax", [x], { axis: BigInt(axes[0]!) })
  const sum = b.op("ReduceLogSumExp", [x], { axes: axes.map(BigInt), keepdims: 1n })
  return b.op("Exp", [b.op("Sub", [x, sum])])
}

function axesOf(config: Settings, rank: number): number[] {
  const { axis } = config
  const list = Array.isArray(axis) ? axis.map(Number) : [numberOf(config, "axis", -1)]
  return list.map(a => (a < 0 ? a + rank : a)).sort((p, q) => p - q)
}

function layerNormalization(call: Call, x: string): string {
  const { b, config, rank, layer } = call
  const axes = axesOf(config, rank)
  const over = { axes: axes.map(BigInt), keepdims: 1n }
  const centred = b.op("Sub", [x, b.op("ReduceMean", [x], over)])
  const variance = b.op("ReduceMean", [b.op("Mul", [centred, centred])], over)
  const deviation = b.op("Sqrt", [b.op("Add", [variance, b.constant(numberOf(config, "epsilon", 1e-3))])])
  const [first] = layer.weights
  const sizes = Array.from({ length: rank }, (_, i) => first?.shape[axes.indexOf(i)] ?? 1)
  const last = axes.every((axis, i) => axis === rank - axes.length + i)
  const put = (constant: string) => (last ? constant : b.op("Reshape", [constant, b.integers(sizes)]))
  return scaleAndShift(call, b.op("Div", [centred, deviation]), put)
}

/** x / max(|x|, 1e-12), as Keras computes it. */
function unitNormalization({ b, config, rank }: Call, x: string): string {
  const axes = axesOf(config, rank).map(BigInt)
  const norm = b.op("ReduceL2", [x], { axes, keepdims: 1n })
  return b.op("Div", [x, b.op("Max", [norm, b.constant(1e-12)])])
}

function normalization(call: Call, x: string): string {
  const { b, config, rank, weight } = call
  const axes = axesOf(config, rank)
  const { layer } = call
  const mean = weight("mean")
  const variance = weight("variance")
  if (!mean || !variance) {
    throw new FormatError(`toOnnx: layer "${layer.name}": a Normalization with given statistics cannot be exported`, {
      hint: "adapt it to data instead",
    })
  }
  const [first] = layer.weights
  const sizes = Array.from({ length: rank }, (_, i) => first?.shape[axes.indexOf(i)] ?? 1)
  const put = (constant: string) => b.op("Reshape", [constant, b.integers(sizes)])
  const deviation = b.op("Max", [b.op("Sqrt", [put(variance)]), b.constant(1e-7)])
  if (config.invert === true) return b.op("Add", [put(mean), b.op("Mul", [x, deviation])])
  return b.op("Div", [b.op("Sub", [x, put(mean)]), deviation])
}

function fold(b: GraphBuilder, op: string, inputs: readonly string[]): string {
  return inputs.reduce((a, c) => b.op(op, [a, c]))
}

function numbersOf(config: Settings, key: string): number[] {
  const value = config[key]
  return Array.isArray(value) ? value.map(Number) : []
}
