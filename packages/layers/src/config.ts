import { describe, OptionError } from "@selvedge/core"

/** A Keras `get_config()`: snake_case keys, plain JSON values. */
export type Config = Readonly<Record<string, unknown>>

/** A serialised object: what Keras's `serialize_keras_object` gives. */
export interface ObjectConfig {
  readonly class_name: string
  readonly config: unknown
  readonly module?: string | null
  readonly registered_name?: string | null
}

// Keys where Keras's spelling is not the camelCase one with underscores.
const exceptions: Readonly<Record<string, string>> = {
  keepDims: "keepdims",
  beta1: "beta_1",
  beta2: "beta_2",
  beta2Decay: "beta_2_decay",
  epsilon1: "epsilon_1",
  epsilon2: "epsilon_2",
}

/** A table's own entry: a config chooses its own keys, "constructor" among them. */
export function entryOf<T>(table: Readonly<Record<string, T>> | undefined, key: string): T | undefined {
  return table && Object.hasOwn(table, key) ? table[key] : undefined
}

const reversed = new Map(Object.entries(exceptions).map(([option, key]) => [key, option]))

/** A Keras config key from an option's name: `useBias` gives `use_bias`, `beta1` gives `beta_1`. */
export function toKerasKey(option: string): string {
  return entryOf(exceptions, option) ?? option.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)
}

/** An option's name from a Keras config key: the inverse of `toKerasKey`. */
export function toOptionKey(key: string): string {
  return reversed.get(key) ?? key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** True for `{ class_name, config }`. */
export function isObjectConfig(value: unknown): value is ObjectConfig {
  return (
    typeof value === "object" &&
    value !== null &&
    "class_name" in value &&
    typeof value.class_name === "string" &&
    "config" in value
  )
}

/** True for an object with string keys, not an array and not null. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/**
 * The `config` of a serialised object as a record.
 * @throws OptionError when it is something else.
 */
export function configOf(object: ObjectConfig): Config {
  if (isRecord(object.config)) return object.config
  if (object.config === null || object.config === undefined) return {}
  throw new OptionError(`${object.class_name}: config must be an object, got ${describe(object.config)}`)
}

/** Classes and functions of the user's own, by the names that configs use for them. */
export type CustomObjects = Readonly<Record<string, unknown>>

let scopes: readonly CustomObjects[] = []

/** Runs `fn` with these classes and functions known by name to everything that reads a config. */
export function withCustomObjects<T>(objects: CustomObjects, fn: () => T): T {
  if (!isRecord(objects)) throw new OptionError(`customObjects must be an object, got ${describe(objects)}`)
  const before = scopes
  scopes = [objects, ...scopes]
  try {
    return fn()
  } finally {
    scopes = before
  }
}

/** A class or function of the user's own by any of these names; `package>Name` is also found as `Name`. */
export function findCustomObject(...names: (string | null | undefined)[]): unknown {
  for (const name of names) {
    if (!name) continue
    const short = name.slice(name.indexOf(">") + 1)
    for (const scope of scopes) {
      if (Object.hasOwn(scope, name)) return scope[name]
      if (Object.hasOwn(scope, short)) return scope[short]
    }
  }
  return undefined
}

// What Keras writes (or wrote) and this library computes in one way only: the values that are accepted, or "any" where
// the value has no influence on the numbers.
const accepted: Readonly<Record<string, Readonly<Record<string, readonly unknown[] | "any">>>> = {
  "*": {
    quantization_config: [null],
    lora_rank: [null],
    lora_alpha: [null],
    input_axes: [null],
    output_axes: [null],
    autocast: "any",
    rng_type: "any",
  },
  BatchNormalization: {
    synchronized: [false, null],
    renorm: [false, null],
    renorm_clipping: "any",
    renorm_momentum: "any",
    fused: "any",
    virtual_batch_size: [null],
    adjustment: [null],
  },
  LayerNormalization: { rms_scaling: [false, null] },
  Embedding: { mask_zero: [false, null], input_length: "any", sparse: [false, null] },
  InputLayer: { sparse: [false, null], ragged: [false, null], optional: [false, null] },
}

const renamed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  LeakyReLU: { alpha: "negative_slope" },
  InputLayer: { batch_input_shape: "batch_shape" },
}

/**
 * Constructor options from a Keras config: keys in camelCase, spellings of Keras 2 in those of Keras 3, and settings
 * that this library has no choice in checked and left out.
 * @throws OptionError for such a setting with another value.
 */
export function optionsFromConfig(className: string, config: Config): Record<string, unknown> {
  const options: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(config)) {
    const known = entryOf(entryOf(accepted, className), key) ?? entryOf(accepted["*"], key)
    if (known === undefined) {
      // A generator that was given as an initializer's seed is written out.
      const isGenerator = key === "seed" && isObjectConfig(value) && value.class_name === "SeedGenerator"
      options[toOptionKey(entryOf(entryOf(renamed, className), key) ?? key)] = isGenerator
        ? configOf(value).seed
        : value
    } else if (known !== "any" && !known.includes(value)) {
      throw new OptionError(`${className}: ${key} ${describe(value)} is not supported`, {
        facts: { allowed: known.map(describe).join(", ") },
      })
    }
  }
  return options
}
