import { checkChoice, checkKeys, nearest, OptionError } from "@selvedge/core"
import { toKerasKey, toOptionKey } from "@selvedge/layers"

/** A Keras config: keys in snake_case, as `get_config()` returns it. */
export type Config = Record<string, unknown>

/** How Keras writes any configurable object down. */
export interface Serialized {
  readonly class_name: string
  readonly config: Config
}

/** Every option may be left out. */
export type Options<T> = { readonly [K in keyof T]?: T[K] | undefined }

/** Options as a Keras config; objects that have a config of their own become `{ class_name, config }`. */
export function toConfig(options: object): Config {
  return Object.fromEntries(Object.entries(options).map(([key, value]) => [toKerasKey(key), serializeValue(value)]))
}

/** A Keras config as options in camelCase. Values are kept as they are. */
export function fromConfig(config: Config): Record<string, unknown> {
  return Object.fromEntries(Object.entries(config).map(([key, value]) => [toOptionKey(key), value]))
}

function serializeValue(value: unknown): unknown {
  if (!isConfigurable(value)) return value
  return { class_name: value.className, config: value.getConfig() }
}

interface Configurable {
  readonly className: string
  getConfig(): Config
}

function isConfigurable(value: unknown): value is Configurable {
  return typeof value === "object" && value !== null && "getConfig" in value && "className" in value
}

/** Whether a value is Keras's `{ class_name, config }`. */
export function isSerialized(value: unknown): value is Serialized {
  return typeof value === "object" && value !== null && "class_name" in value && "config" in value
}

/**
 * The options, completed from the defaults; an option that is undefined counts as left out.
 * @throws OptionError for a key that the defaults do not have.
 */
export function complete<T extends object>(owner: string, defaults: T, options: Options<T> = {}): T {
  checkKeys(owner, options, Object.keys(defaults))
  const given = Object.entries(options).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(given) }
}

/**
 * The class of that Keras name in a table of classes.
 * @throws OptionError for a name that is not in it, with the nearest.
 */
export function classNamed<C>(kind: string, table: Readonly<Record<string, C>>, name: string): C {
  const found = table[name]
  if (found !== undefined && Object.hasOwn(table, name)) return found
  const allowed = Object.keys(table)
  const near = nearest(String(name), allowed)
  throw new OptionError(`${kind}: no class is named "${name}"${near ? `, did you mean "${near}"?` : ""}`, {
    facts: { allowed: allowed.join(", ") },
  })
}

/**
 * A key of a table, checked.
 * @throws OptionError naming the nearest key.
 */
export function checkedChoice<T extends object>(
  owner: string,
  name: string,
  value: unknown,
  table: T,
): keyof T & string {
  return checkChoice(owner, name, value, Object.keys(table) as (keyof T & string)[])
}
