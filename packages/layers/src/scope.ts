import { OptionError, SelvedgeError } from "@selvedge/core"
import { classNameOf } from "./configurable.ts"

interface Scoped {
  readonly name: string
}

interface Scope {
  /** The layers that are running, outermost first. */
  readonly path: Scoped[]
  /** Whether the innermost call is for training. */
  training: boolean
}

const scope: Scope = { path: [], training: false }

/**
 * Runs a layer's code with its name on the path, and puts the path into errors that come out of it.
 * `training` left out (or null) is that of the layer around it.
 */
export function within<T>(layer: Scoped, training: boolean | null | undefined, fn: (training: boolean) => T): T {
  const before = scope.training
  scope.training = training ?? before
  if (scope.path.at(-1) === layer) return restoring(before, fn)
  scope.path.push(layer)
  try {
    return fn(scope.training)
  } catch (error) {
    if (error instanceof SelvedgeError) error.within(`${pathOf(scope.path)} (${classNameOf(layer)})`)
    if (scope.path.length === 1 && error instanceof RangeError && error.message.includes("call stack")) {
      throw new OptionError(`${layer.name}: layers are nested too deeply`, { cause: error })
    }
    throw error
  } finally {
    scope.path.pop()
    scope.training = before
  }
}

/** The layer around the one that is running, or null. */
export function layerAround(): Scoped | null {
  return scope.path.at(-2) ?? null
}

function restoring<T>(before: boolean, fn: (training: boolean) => T): T {
  try {
    return fn(scope.training)
  } finally {
    scope.training = before
  }
}

function pathOf(layers: readonly Scoped[]): string {
  return layers.map(layer => layer.name).join("/")
}
