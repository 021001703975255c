import { describe, nearest, OptionError } from "@selvedge/core"
import { type Config, configOf, findCustomObject, isObjectConfig, optionsFromConfig, toKerasKey } from "./config.ts"

/** Whatever has a Keras name and a config: layers, initializers, regularizers, constraints. */
export abstract class Configurable {
  /** The Keras class name. A class of your own needs none unless it is minified: its own name is used. */
  static readonly className: string = ""
  /** Where Keras keeps its classes of this kind. */
  static readonly module: string = ""

  /** The constructor's options with their present values, in camelCase. Classes with options of their own add them. */
  options(): Record<string, unknown> {
    return {}
  }

  /** What Keras's `get_config()` gives: the options with Keras's keys. */
  getConfig(): Record<string, unknown> {
    const entries = Object.entries(this.options()).filter(([, value]) => value !== undefined)
    return Object.fromEntries(entries.map(([option, value]) => [toKerasKey(option), serializeValue(value)]))
  }
}

/** Anything that can be called or constructed. */
export type Callable = (...args: unknown[]) => unknown

/** True for functions and classes. */
export function isCallable(value: unknown): value is Callable {
  return typeof value === "function"
}

interface NamedClass {
  readonly name: string
  readonly className?: unknown
  readonly module?: unknown
}

/** The name a class has in configs: its own `className`, else its own name. */
export function nameOfClass(ofClass: NamedClass): string {
  const own = Object.hasOwn(ofClass, "className") ? ofClass.className : undefined
  if (typeof own === "string" && own !== "") return own
  // A class without a name of its own goes by that of the class it is derived from.
  return ofClass.name || nameOfClass(Object.getPrototypeOf(ofClass))
}

/** The name an object's class has in configs. */
export function classNameOf(object: object): string {
  return nameOfClass(object.constructor)
}

/** Whether the class is one of Keras's, so that its module may be named: it has a `className` and a Keras name. */
export function isOfKeras(ofClass: NamedClass): boolean {
  return Object.hasOwn(ofClass, "className") && kerasClasses.has(nameOfClass(ofClass))
}

/** A serialised object as Keras 3 writes it. */
export interface Serialized {
  readonly module: string | null
  readonly class_name: string
  readonly config: unknown
  readonly registered_name: string | null
}

/** `{ module, class_name, config, registered_name }` of a layer, initializer, regularizer or constraint. */
export function serializeObject(object: Configurable): Serialized {
  const ofClass: NamedClass = object.constructor
  const class_name = nameOfClass(ofClass)
  const config = object.getConfig()
  if (!isOfKeras(ofClass)) return { module: null, class_name, config, registered_name: class_name }
  const module = typeof ofClass.module === "string" ? ofClass.module : null
  return { module, class_name, config, registered_name: module?.startsWith("keras.src") ? class_name : null }
}

/** A function of the user's own as Keras writes it: by name. */
export function serializeFunction(name: string): Serialized {
  return { module: "builtins", class_name: "function", config: name, registered_name: "function" }
}

/** An option's value as it stands in a config. */
export function serializeValue(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "serialize" in value && isCallable(value.serialize)) {
    return value.serialize()
  }
  if (value instanceof Configurable) return serializeObject(value)
  if (value instanceof Float32Array || value instanceof Float64Array) return [...value]
  return Array.isArray(value) ? value.map(serializeValue) : value
}

/** One kind of named object: how it is called in messages, its base class, and what Keras's names stand for. */
export interface Kind<T extends Configurable> {
  readonly kind: string
  readonly base: abstract new (...args: never[]) => T
  readonly table: Readonly<Record<string, NamedClass>>
  /** What a plain function of the user's becomes. */
  readonly fromFunction: (fn: Callable) => T
}

/**
 * An object of a kind from whatever a user or a config gives: itself, a name, `{ class_name, config }` or a function.
 * @throws OptionError for anything else, naming the nearest valid name.
 */
export function resolve<T extends Configurable>(of: Kind<T>, value: unknown): T {
  if (value instanceof of.base) return value
  if (typeof value === "string") return make(of, value, undefined, {})
  if (isCallable(value)) return fromCallable(of, value, {})
  if (isObjectConfig(value)) {
    if (value.class_name === "function") return make(of, String(value.config), undefined, {})
    return make(of, value.class_name, value.registered_name, configOf(value))
  }
  throw new OptionError(`${of.kind}: expected a name, a function or an object of that kind, got ${describe(value)}`)
}

function make<T extends Configurable>(
  of: Kind<T>,
  name: string,
  registered: string | null | undefined,
  config: Config,
): T {
  const custom = findCustomObject(registered, name)
  if (isCallable(custom)) return fromCallable(of, custom, config)
  if (custom instanceof of.base) return custom
  const own = Object.hasOwn(of.table, name) ? of.table[name] : undefined
  const ofClass = own ?? Object.values(of.table).find(c => nameOfClass(c) === name)
  if (ofClass === undefined) throw unknownName(of.kind, name, Object.keys(of.table))
  return construct(of, ofClass, config)
}

function fromCallable<T extends Configurable>(of: Kind<T>, callable: Callable, config: Config): T {
  const isClass: boolean = callable.prototype instanceof of.base
  return isClass ? construct(of, callable, config) : of.fromFunction(callable)
}

function construct<T extends Configurable>(of: Kind<T>, ofClass: NamedClass, config: Config): T {
  const options = optionsFromConfig(nameOfClass(ofClass), config)
  const made: unknown = typeof ofClass === "function" ? Reflect.construct(ofClass, [options]) : undefined
  if (made instanceof of.base) return made
  throw new OptionError(`${of.kind}: ${nameOfClass(ofClass)} is not one`)
}

/** The error for a name that is not known, and what to do about it. */
export function unknownName(kind: string, name: string, names: readonly string[]): OptionError {
  const near = nearest(name, names)
  return new OptionError(`${kind} "${name}" is unknown${near ? `, did you mean "${near}"?` : ""}`, {
    facts: { known: names.join(", ") },
    hint: `for a class or function of your own pass customObjects: { "${name.slice(name.indexOf(">") + 1)}": ... }`,
  })
}

/** The classes that Keras has under the same name. A test compares it with the tables. */
export const kerasClasses: ReadonlySet<string> = new Set(
  `Sequential Functional InputLayer Dense Flatten Reshape Permute Activation ReLU LeakyReLU PReLU ELU Softmax Dropout
  AlphaDropout GaussianNoise GaussianDropout BatchNormalization LayerNormalization UnitNormalization Rescaling
  Normalization Embedding Conv2D MaxPooling2D AveragePooling2D GlobalAveragePooling2D GlobalMaxPooling2D Add Multiply
  Average Concatenate Subtract Maximum Minimum ActivityRegularization RandomFlip RandomRotation RandomTranslation RandomZoom Zeros Ones
  Constant RandomNormal RandomUniform TruncatedNormal VarianceScaling GlorotNormal GlorotUniform HeNormal HeUniform
  LecunNormal LecunUniform Orthogonal Identity L1 L2 L1L2 OrthogonalRegularizer MaxNorm NonNeg UnitNorm
  MinMaxNorm`.split(/\s+/),
)
