import { FormatError } from "@selvedge/core"
import type { Settings } from "./activations.ts"
import type { Call, Export } from "./layers.ts"

/** ONNX images are channels first; for a layer that has them last they are turned before and back after. */
const TO_ONNX = [0n, 3n, 1n, 2n]
const FROM_ONNX = [0n, 2n, 3n, 1n]

/** The layers on images. Padding "same" puts the odd pad at bottom and right, as ONNX's SAME_UPPER does. */
export function imageLayers(activate: (call: Call, x: string) => string): Readonly<Record<string, Export>> {
  return {
    Conv2D: (call, x) => activate(call, conv2d(call, x)),
    MaxPooling2D: (call, x) => pool(call, x, "MaxPool", {}),
    AveragePooling2D: (call, x) => pool(call, x, "AveragePool", { count_include_pad: 0n }),
    GlobalAveragePooling2D: (call, x) => reduce(call, x, "ReduceMean"),
    GlobalMaxPooling2D: (call, x) => reduce(call, x, "ReduceMax"),
  }
}

/** Runs an operation of ONNX on images in the order that a layer has them. */
function turned(call: Call, x: string, make: (images: string) => string): string {
  const { b, config } = call
  if (config.data_format === "channels_first") return make(x)
  return b.op("Transpose", [make(b.op("Transpose", [x], { perm: TO_ONNX }))], { perm: FROM_ONNX })
}

function conv2d(call: Call, x: string): string {
  const { b, layer, config } = call
  const [kernel, bias] = ["kernel", "bias"].map(key => layer.weights.find(weight => weight.key === key))
  const [height = 1, width = 1, channels = 1, filters = 1] = kernel!.shape
  const from = kernel!.read()
  const values = new Float32Array(from.length)
  for (let i = 0; i < from.length; i++) {
    const [f, c, place] = [i % filters, Math.floor(i / filters) % channels, Math.floor(i / filters / channels)]
    values[(f * channels + c) * height * width + place] = from[i]!
  }
  const weights = b.constant(values, [filters, channels, height, width], "kernel")
  const biases = bias ? [b.constant(Float32Array.from(bias.read()), [filters], "bias")] : []
  const attributes = {
    ...convPadding(config, [height, width]),
    kernel_shape: [height, width].map(BigInt),
    strides: pair(config, "strides"),
    dilations: pair(config, "dilation_rate"),
    group: BigInt(Number(config.groups ?? 1)),
  }
  return turned(call, x, images => b.op("Conv", [images, weights, ...biases], attributes))
}

function pool(call: Call, x: string, op: string, extra: Readonly<Record<string, bigint>>): string {
  const { b, config } = call
  const size = pair(config, "pool_size")
  const strides = config.strides === null ? size : pair(config, "strides")
  const attributes = { ...padding(config), kernel_shape: size, strides, ...extra }
  return turned(call, x, images => b.op(op, [images], attributes))
}

function reduce({ b, config }: Call, x: string, op: string): string {
  const axes = config.data_format === "channels_first" ? [2n, 3n] : [1n, 2n]
  return b.op(op, [x], { axes, keepdims: config.keepdims === true ? 1n : 0n })
}

function padding(config: Settings): { auto_pad: string } {
  return { auto_pad: config.padding === "same" ? "SAME_UPPER" : "VALID" }
}

/** ONNX pads dilated kernels only by stated amounts; with stride 1 these do not depend on the image's size. */
function convPadding(config: Settings, size: readonly [number, number]): { auto_pad: string } | { pads: bigint[] } {
  const dilation = pair(config, "dilation_rate").map(Number)
  if (config.padding !== "same" || dilation.every(d => d === 1)) return padding(config)
  if (pair(config, "strides").some(stride => stride !== 1n)) {
    throw new FormatError('toOnnx: a convolution with padding "same", strides and dilation cannot be exported')
  }
  const total = size.map((n, axis) => (n - 1) * dilation[axis]!)
  const before = total.map(n => Math.floor(n / 2))
  return { pads: [...before, ...total.map((n, axis) => n - before[axis]!)].map(BigInt) }
}

function pair(config: Settings, key: string): bigint[] {
  const value = config[key]
  return Array.isArray(value) ? value.map(n => BigInt(Number(n))) : [1n, 1n]
}
