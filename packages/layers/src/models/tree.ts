import { classNameOf } from "../configurable.ts"
import { formatLayer } from "../inspect.ts"
import type { Layer } from "../layer.ts"

interface Nested {
  readonly name: string
  readonly built: boolean
  readonly weights: readonly { readonly size: number }[]
  sublayers(): Layer[]
}

/**
 * A model as a tree:
 *
 *     Sequential "sequential", 266,610 parameters
 *     ├─ Flatten "flatten" [null, 28, 28] -> [null, 784], 0 parameters
 *     └─ Dense "dense" { units: 300, ... } [null, 784] -> [null, 300], 235,500 parameters
 */
export function formatTree(model: Nested): string {
  const count = model.weights.reduce((sum, weight) => sum + weight.size, 0)
  const size = model.built ? `${count.toLocaleString("en-US")} parameters` : "not built"
  return [`${classNameOf(model)} "${model.name}", ${size}`, ...branches(model, "")].join("\n")
}

function branches(parent: Nested, indent: string): string[] {
  const layers = parent.sublayers()
  return layers.flatMap((layer, i) => {
    const last = i === layers.length - 1
    const inner = branches(layer, `${indent}${last ? "   " : "│  "}`)
    return [`${indent}${last ? "└─ " : "├─ "}${inner.length ? treeHead(layer) : formatLayer(layer)}`, ...inner]
  })
}

function treeHead(layer: Layer): string {
  return formatTree(layer).split("\n", 1)[0] ?? ""
}
