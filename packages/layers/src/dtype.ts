import { describe, OptionError } from "@selvedge/core"
import { isObjectConfig, isRecord } from "./config.ts"

/** The policy that Keras writes for float32 layers. */
export const float32Policy = {
  module: "keras",
  class_name: "DTypePolicy",
  config: { name: "float32" },
  registered_name: null,
} as const

/**
 * Checks a layer's `dtype`: the name or a Keras policy object. This library computes in float32.
 * @throws OptionError for any other.
 */
export function checkDtype(owner: string, value: unknown): void {
  const name = isObjectConfig(value) && isRecord(value.config) ? value.config.name : value
  if (name === undefined || name === null || name === "float32") return
  throw new OptionError(`${owner}: dtype ${describe(name)} is not supported`, {
    facts: { allowed: '"float32"' },
    rule: "layers compute in float32",
    hint: "save the model under the float32 policy; its weights are stored the same way",
  })
}
