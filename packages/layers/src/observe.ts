import type { Tensor } from "@selvedge/core"
import type { Layer } from "./layer.ts"

/** Sees what a layer gave. */
export type Observer = (layer: Layer, output: Tensor | readonly Tensor[]) => void

let observer: Observer | null = null

/** Tells whoever is watching what a layer gave. */
export function notify(layer: Layer, output: Tensor | readonly Tensor[]): void {
  observer?.(layer, output)
}

/** Runs `fn` and shows `see` the output of every layer that is applied meanwhile, inner ones first. Synchronous. */
export function observe<T>(see: Observer, fn: () => T): T {
  const before = observer
  observer = see
  try {
    return fn()
  } finally {
    observer = before
  }
}
