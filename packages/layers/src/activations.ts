import {
  checkBoolean,
  checkKeys,
  checkNumber,
  describe,
  elu,
  exp,
  gelu,
  hardSigmoid,
  hardSilu,
  isTensor,
  leakyRelu,
  logSigmoid,
  logSoftmax,
  mish,
  OptionError,
  relu,
  relu6,
  runAtOnce,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  type Tensor,
  tanh,
} from "@selvedge/core"
import {
  celu,
  hardShrink,
  hardTanh,
  scaledHardSigmoid,
  softShrink,
  sparsePlus,
  sparseSigmoid,
  squareplus,
  tanhShrink,
} from "./composedActivations.ts"
import { configOf, entryOf, findCustomObject, isObjectConfig, type ObjectConfig, optionsFromConfig } from "./config.ts"
import { isCallable, serializeFunction, unknownName } from "./configurable.ts"
import { type LayerClass, layerFromConfig } from "./construct.ts"
import { Layer } from "./layer.ts"
import { ELU } from "./layers/elu.ts"
import { LeakyReLU } from "./layers/leakyRelu.ts"
import { PReLU } from "./layers/prelu.ts"
import { ReLU } from "./layers/relu.ts"
import { Softmax } from "./layers/softmax.ts"
import { serialize } from "./serialize.ts"
import type { DataShapes } from "./shapes.ts"

/** What activations may be told: those that have such a setting. */
interface Settings {
  readonly negativeSlope?: number
  readonly maxValue?: number | null
  readonly threshold?: number
  readonly alpha?: number
  readonly approximate?: boolean
  readonly axis?: number
  readonly b?: number
  readonly scale?: number
}

/** Keras's names of activations, and the functions they stand for. */
export const activations = {
  linear: (x: Tensor) => x,
  relu,
  leaky_relu: leakyRelu,
  relu6,
  celu,
  elu,
  selu,
  gelu,
  silu,
  swish: silu,
  sigmoid,
  hard_sigmoid: scaledHardSigmoid,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  hard_shrink: hardShrink,
  hard_tanh: hardTanh,
  log_sigmoid: logSigmoid,
  tanh,
  tanh_shrink: tanhShrink,
  soft_shrink: softShrink,
  softplus,
  softsign,
  sparse_plus: sparsePlus,
  sparse_sigmoid: sparseSigmoid,
  squareplus,
  mish,
  exponential: exp,
  softmax,
  log_softmax: logSoftmax,
} as const satisfies Readonly<Record<string, (x: Tensor, options?: Settings) => Tensor>>

// The settings that an activation has, with what they are when left out.
const defaults: Readonly<Partial<Record<string, Settings>>> = {
  relu: { negativeSlope: 0, maxValue: null, threshold: 0 },
  leaky_relu: { negativeSlope: 0.2 },
  celu: { alpha: 1 },
  elu: { alpha: 1 },
  gelu: { approximate: false },
  hard_shrink: { threshold: 0.5 },
  hard_sigmoid: { scale: 1 },
  soft_shrink: { threshold: 0.5 },
  squareplus: { b: 4 },
  softmax: { axis: -1 },
  log_softmax: { axis: -1 },
}

/** A name that Keras has for an activation. */
export type ActivationName = keyof typeof activations

/** What an option that wants an activation takes; null for none. */
export type ActivationLike = ActivationName | ActivationFunction | ObjectConfig | Layer | ((x: Tensor) => Tensor) | null

/** An activation ready to be called, and how a config names it. */
export class ActivationFunction {
  /** Keras's name, or the function's own. */
  readonly name: string
  /** The layer that computes it, if it is one. */
  readonly layer: Layer | null
  readonly #call: (x: Tensor) => Tensor
  readonly #serialized: unknown

  constructor(name: string, call: (x: Tensor) => Tensor, serialized: unknown, layer: Layer | null = null) {
    this.name = name
    this.layer = layer
    this.#call = call
    this.#serialized = serialized
  }

  call(x: Tensor): Tensor {
    return this.#call(x)
  }

  /** Makes the weights of the layer that computes it, if it is one, for inputs of this shape. */
  build(inputShape: DataShapes): void {
    this.layer?.ensureBuilt(inputShape)
  }

  /** The name, or `{ class_name, config }`; a layer with the shape it was built for, without which Keras finds no weights. */
  serialize(): unknown {
    return this.layer ? serialize(this.layer) : this.#serialized
  }
}

// Ops are known by themselves: their names as functions are not Keras's, and bundlers change them. The first name counts.
const names = new Map<unknown, string>([
  [hardSigmoid, "hard_sigmoid"],
  ...Object.entries(activations)
    .map(([name, op]): [unknown, string] => [op, name])
    .reverse(),
])

// Layers that a config may name as an activation.
const layers: Readonly<Record<string, LayerClass>> = { ReLU, LeakyReLU, ELU, PReLU, Softmax }

/**
 * The activation that a name, a config, a layer or a function stands for; none is linear.
 * @throws OptionError for an unknown name, with the nearest known one, or a bad setting.
 */
export function getActivation(value: unknown): ActivationFunction {
  if (value === null || value === undefined) return new ActivationFunction("linear", x => x, "linear")
  if (value instanceof ActivationFunction) return value
  if (value instanceof Layer) return fromLayer(value)
  if (typeof value === "string") return fromName(value, undefined)
  const op = names.get(value)
  if (op !== undefined) return fromName(op, undefined)
  if (isCallable(value)) return fromFunction(value.name || "activation", value)
  if (isObjectConfig(value)) return fromConfig(value)
  throw new OptionError(`activation: expected a name, a layer or a function, got ${describe(value)}`)
}

/** Whether `getActivation` can make sense of a config by itself, without the table of all layers. */
export function isActivationConfig(config: ObjectConfig): boolean {
  const { class_name } = config
  return class_name === "function" || Object.hasOwn(activations, class_name) || Object.hasOwn(layers, class_name)
}

function fromName(name: string, registered: string | null | undefined): ActivationFunction {
  const custom = findCustomObject(registered, name)
  if (isCallable(custom)) return fromFunction(name, custom)
  const known = Object.entries(activations).find(([key]) => key === name)
  if (known) return new ActivationFunction(name, x => known[1](x), name)
  throw unknownName("activation", name, Object.keys(activations))
}

function fromFunction(name: string, fn: (x: Tensor) => unknown): ActivationFunction {
  const call = (x: Tensor) => {
    const y = runAtOnce(() => fn(x))
    if (isTensor(y)) return y
    throw new OptionError(`activation "${name}": must return a tensor, got ${describe(y)}`)
  }
  return new ActivationFunction(name, call, serializeFunction(name))
}

function fromLayer(layer: Layer): ActivationFunction {
  return new ActivationFunction(layer.name, x => layer.apply(x), null, layer)
}

function fromConfig(config: ObjectConfig): ActivationFunction {
  const { class_name: name, registered_name } = config
  if (name === "function") return fromName(String(config.config), null)
  if (findCustomObject(registered_name, name) !== undefined) return fromName(name, registered_name)
  const layer = entryOf(layers, name)
  if (layer) return fromLayer(layerFromConfig(layer, configOf(config), refuseInnerLayer))
  const options = optionsFromConfig(name === "leaky_relu" ? "LeakyReLU" : name, configOf(config))
  const plain = fromName(name, registered_name)
  const settings = checkSettings(name, options)
  const apply = Object.entries<(x: Tensor, options?: Settings) => Tensor>(activations).find(([key]) => key === name)
  if (!apply || Object.keys(options).length === 0) return plain
  return new ActivationFunction(name, x => apply[1](x, settings), config)
}

/** @throws OptionError for a setting that the activation does not have, or a bad value. */
function checkSettings(name: string, options: Readonly<Record<string, unknown>>): Settings {
  const own = Object.entries<unknown>({ ...entryOf(defaults, name) })
  checkKeys(
    name,
    options,
    own.map(([key]) => key),
  )
  return Object.fromEntries(
    own.map(([key, missing]) => {
      const value = options[key] ?? missing
      if (typeof missing === "boolean") return [key, checkBoolean(name, key, value)]
      return [key, value === null ? null : checkNumber(name, key, value, { integer: key === "axis" })]
    }),
  )
}

function refuseInnerLayer(config: unknown): Layer {
  throw new OptionError(`activation: a layer inside an activation is not supported, got ${describe(config)}`)
}
