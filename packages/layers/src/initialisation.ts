import { freeCalls, getSeed, type Stream, setFreeCalls, stream } from "@selvedge/core"

/** Whose weights get their first values now. */
export interface InitialisationRoot {
  readonly seed: number
  /** Tells models without a seed of their own apart. */
  readonly prefix: string
  /** A layer's id within the model: its path of explicit names and ordinals. */
  readonly idOf: (layer: object) => string | undefined
}

let root: InitialisationRoot | null = null
let deferred = 0

/** Runs `fn` with weights drawing their first values as parts of `next`. */
export function withInitialisation<T>(next: InitialisationRoot, fn: () => T): T {
  const before = root
  root = next
  try {
    return fn()
  } finally {
    root = before
  }
}

/** Runs `fn` with models leaving their weights without values: an outer model will give them. */
export function deferInitialisation<T>(fn: () => T): T {
  deferred++
  try {
    return fn()
  } finally {
    deferred--
  }
}

/** Whether an outer model is going to give the first values. */
export function isInitialisationDeferred(): boolean {
  return deferred > 0
}

/** Counts anything since the latest `setSeed`: what has no seed of its own is told apart by such a number. */
export function nextOrdinal(of: object): number {
  const count = freeCalls(of)
  setFreeCalls(of, count + 1)
  return count
}

const freeIds = new WeakMap<object, string>()

/** The id of a layer outside of any model: its explicit name, else its ordinal among its class since `setSeed`. */
export function freeId(layer: object, className: string, explicitName: string | null): string {
  if (explicitName !== null) return explicitName
  let id = freeIds.get(layer)
  if (id === undefined) {
    id = `${className}#${nextOrdinal(layer.constructor)}`
    freeIds.set(layer, id)
  }
  return id
}

/** The stream of random numbers for a weight's first values. */
export function initialisationStream(layer: object, fallback: () => string, weight: string): Stream {
  const id = root?.idOf(layer)
  if (root && id !== undefined) return stream(root.seed, "initialisation", `${root.prefix}${id}/${weight}`)
  return stream(getSeed(), "initialisation", `${fallback()}/${weight}`)
}
