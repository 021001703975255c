import { describe } from "@selvedge/core"
import { classNameOf, isCallable } from "./configurable.ts"
import { type DataShapes, formatShapes } from "./shapes.ts"

interface PrintableLayer {
  readonly name: string
  readonly built: boolean
  readonly builtShape: DataShapes | null
  readonly trainable: boolean
  options(): Record<string, unknown>
  computeOutputShape(inputShape: DataShapes): DataShapes
  countParams(): number
}

const hidden = ["name", "trainable", "dtype", "dataFormat"]

/** A layer as text: `Dense "dense" { units: 300, activation: "relu" } [null, 784] -> [null, 300], 235,500 parameters`. */
export function formatLayer(layer: PrintableLayer): string {
  const options = Object.entries(layer.options())
    .filter(([key, value]) => !hidden.includes(key) && value !== undefined && value !== null)
    .map(([key, value]) => `${key}: ${formatOption(value)}`)
  const head = `${classNameOf(layer)} "${layer.name}"${options.length ? ` { ${options.join(", ")} }` : ""}`
  if (!layer.built) return `${head}, not built`
  const shapes = layer.builtShape
    ? ` ${formatShapes(layer.builtShape)} -> ${formatOutput(layer, layer.builtShape)}`
    : ""
  const frozen = layer.trainable ? "" : ", frozen"
  return `${head}${shapes}, ${layer.countParams().toLocaleString("en-US")} parameters${frozen}`
}

function formatOutput(layer: PrintableLayer, inputShape: DataShapes): string {
  try {
    return formatShapes(layer.computeOutputShape(inputShape))
  } catch {
    return "?"
  }
}

function formatOption(value: unknown): string {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    if ("serialize" in value && isCallable(value.serialize)) {
      const plain: unknown = value.serialize()
      return typeof plain === "string" ? `"${plain}"` : "a function"
    }
    const options = "options" in value && isCallable(value.options) ? value.options() : {}
    const given = Object.entries(options ?? {}).filter(([, v]) => v !== null)
    const inner = given.map(([key, v]) => `${key}: ${formatOption(v)}`).join(", ")
    return `${classNameOf(value)}${inner ? ` { ${inner} }` : ""}`
  }
  return describe(value)
}
