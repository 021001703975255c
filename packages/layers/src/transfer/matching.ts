import { assign, OptionError, type Shape, sameShape } from "@selvedge/core"
import type { Layer } from "../layer.ts"
import { Model } from "../models/model.ts"
import { checkValues, type WeightValues } from "../values.ts"
import type { Weight } from "../weight.ts"

/** What `loadMatching` did. Names are paths of layer names and the weight's own: `encoder/dense/kernel`. */
export interface MatchingReport {
  /** Weights that were set. */
  readonly matched: readonly string[]
  /** Weights of the model that the source has nothing for; they keep their values. */
  readonly missing: readonly string[]
  /** Weights of the source that the model does not have. */
  readonly unused: readonly string[]
  /** Weights of the same name and another shape; they keep their values. */
  readonly mismatched: readonly { readonly name: string; readonly expected: Shape; readonly got: Shape }[]
}

/** All weights of a model under their paths, each once: `encoder/dense/kernel`. */
export function namedWeights(model: Layer): Map<string, Weight> {
  const found = new Map<string, Weight>()
  walk(model, "", found, new Set())
  return found
}

function walk(layer: Layer, prefix: string, found: Map<string, Weight>, seen: Set<Weight>): void {
  for (const inner of layer.sublayers()) walk(inner, `${prefix}${inner.name}/`, found, seen)
  for (const weight of layer.weights) {
    if (seen.has(weight)) continue
    seen.add(weight)
    found.set(`${prefix}${weight.key}`, weight)
  }
}

/**
 * Copies weights into a model by name, from another model or from arrays under such names, as far as names and shapes
 * agree, and reports what did and what did not. `console.log` it.
 *
 *     const report = loadMatching(student, teacher)
 *     report.matched.length, report.missing, report.mismatched
 *
 * @throws OptionError for a source that is neither.
 */
export function loadMatching(model: Model, source: Model | Readonly<Record<string, WeightValues>>): MatchingReport {
  for (const one of [model, source]) {
    if (!(one instanceof Model) || one.built) continue
    throw new OptionError(`loadMatching: ${one.name} has no weights yet`, {
      hint: "build(inputShape) makes them, or the first call",
    })
  }
  const from = sourceValues(source)
  const matched: string[] = []
  const missing: string[] = []
  const mismatched: { name: string; expected: Shape; got: Shape }[] = []
  const to = namedWeights(model)
  for (const [name, weight] of to) {
    const value = from.get(name)
    if (value === undefined) {
      missing.push(name)
      continue
    }
    const got = shapeOf(value)
    if (got !== null && !sameShape(got, weight.shape)) {
      mismatched.push({ name, expected: weight.shape, got })
      continue
    }
    const [numbers = []] = checkValues(model.name, [weight], [value])
    assign(weight, numbers)
    matched.push(name)
  }
  return { matched, missing, unused: [...from.keys()].filter(name => !to.has(name)), mismatched }
}

function sourceValues(source: Model | Readonly<Record<string, WeightValues>>): Map<string, WeightValues> {
  if (source instanceof Model) return new Map<string, WeightValues>(namedWeights(source))
  if (typeof source === "object" && source !== null && !Array.isArray(source)) return new Map(Object.entries(source))
  throw new OptionError("loadMatching: the source must be a model, or an object of arrays by weight name")
}

/** The shape that values claim; null for a flat array, which fits by its length alone. */
function shapeOf(value: WeightValues): Shape | null {
  if (typeof value === "object" && value !== null && "shape" in value && Array.isArray(value.shape)) return value.shape
  return null
}
