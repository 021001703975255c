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
  mul,
  OptionError,
  relu,
  relu6,
  selu,
  sigmoid,
  silu,
  softmax,
  softplus,
  softsign,
  type Tensor,
  tanh,
} from "@selvedge/core"
import { configOf, findCustomObject, isObjectConfig, type ObjectConfig, optionsFromConfig } from "./config.ts"
import { isCallable, serializeFunction, unknownName } from "./configurable.ts"
import { type LayerClass, layerFromConfig } from "./construct.ts"
import { Layer } from "./layer.ts"
import { ELU } from "./layers/elu.ts"
import { LeakyReLU } from "./layers/leakyRelu.ts"
import { PReLU } from "./layers/prelu.ts"
import { ReLU } from "./layers/relu.ts"
import { Softmax } from "./layers/softmax.ts"
import { serialize } from "./serialize.ts"

/** Keras's names of activations, and the ops they stand for. */
export const activations = {
  linear: (x: Tensor) => x,
  relu: (x: Tensor) => relu(x),
  leaky_relu: (x: Tensor) => leakyRelu(x),
  relu6,
  elu: (x: Tensor) => elu(x),
  selu,
  gelu: (x: Tensor) => gelu(x),
  silu,
  swish: silu,
  sigmoid,
  hard_sigmoid: hardSigmoid,
  hard_silu: hardSilu,
  hard_swish: hardSilu,
  log_sigmoid: logSigmoid,
  tanh,
  softplus,
  softsign,
  mish,
  exponential: exp,
  softmax: (x: Tensor) => softmax(x),
  log_softmax: (x: Tensor) => logSoftmax(x),
} as const satisfies Readonly<Record<string, (x: Tensor) => Tensor>>

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

  /** The name, or `{ class_name, config }`. */
  serialize(): unknown {
    return this.layer ? serialize(this.layer) : this.#serialized
  }
}

type Arguments = Readonly<Record<string, unknown>>

function number(name: string, args: Arguments, key: string, missing: number): number {
  return checkNumber(name, key, args[key] ?? missing)
}

// Activations with settings, by the name of the function.
const parametric: Readonly<Record<string, ((args: Arguments) => (x: Tensor) => Tensor) | undefined>> = {
  relu: args => {
    const { maxValue = null } = args
    const options = {
      negativeSlope: number("relu", args, "negativeSlope", 0),
      maxValue: maxValue === null ? null : number("relu", args, "maxValue", 0),
      threshold: number("relu", args, "threshold", 0),
    }
    return x => relu(x, options)
  },
  leaky_relu: args => {
    const options = { negativeSlope: number("leaky_relu", args, "negativeSlope", 0.2) }
    return x => leakyRelu(x, options)
  },
  elu: args => {
    const options = { alpha: number("elu", args, "alpha", 1) }
    return x => elu(x, options)
  },
  gelu: args => {
    const options = { approximate: checkBoolean("gelu", "approximate", args.approximate ?? false) }
    return x => gelu(x, options)
  },
  hard_sigmoid: args => {
    // Keras 2's clip(0.2 x + 0.5, 0, 1) is Keras 3's of 1.2 x.
    const scale = number("hard_sigmoid", args, "scale", 1)
    return x => hardSigmoid(mul(x, scale))
  },
  softmax: args => {
    const options = { axis: number("softmax", args, "axis", -1) }
    return x => softmax(x, options)
  },
  log_softmax: args => {
    const options = { axis: number("log_softmax", args, "axis", -1) }
    return x => logSoftmax(x, options)
  },
}

const parameters: Readonly<Record<string, readonly string[]>> = {
  relu: ["negativeSlope", "maxValue", "threshold"],
  leaky_relu: ["negativeSlope"],
  elu: ["alpha"],
  gelu: ["approximate"],
  hard_sigmoid: ["scale"],
  softmax: ["axis"],
  log_softmax: ["axis"],
}

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
  if (known) return new ActivationFunction(name, known[1], name)
  throw unknownName("activation", name, Object.keys(activations))
}

function fromFunction(name: string, fn: (x: Tensor) => unknown): ActivationFunction {
  const call = (x: Tensor) => {
    const y = fn(x)
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
  const layer = layers[name]
  if (layer) return fromLayer(layerFromConfig(layer, configOf(config), refuseInnerLayer))
  const options = optionsFromConfig(name === "leaky_relu" ? "LeakyReLU" : name, configOf(config))
  checkKeys(name, options, parameters[name] ?? [])
  const plain = fromName(name, registered_name)
  const make = parametric[name]
  return make && Object.keys(options).length ? new ActivationFunction(name, make(options), config) : plain
}

function refuseInnerLayer(config: unknown): Layer {
  throw new OptionError(`activation: a layer inside an activation is not supported, got ${describe(config)}`)
}
