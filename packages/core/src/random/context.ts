import { OptionError } from "../errors.ts"
import { checkSeed, type Stream, stream } from "./stream.ts"

/**
 * Where in a run the code that is being executed stands, so that a layer which draws random numbers need not know.
 *
 * A trainer enters `{ seed, purpose: "training", position: [step] }` around each training step and
 * `{ seed, purpose: "validation", position: [epoch, batch] }` around each validation batch. Within one entry the calls
 * of each owner are counted, and the count is the last word of its streams' position.
 *
 * Purpose `"free"` stands for calls that belong to no run. Their count is not per entry: it goes on for as long as the
 * owner lives, so that repeated calls differ. `position` is not used.
 */
export interface RandomContext {
  readonly seed: number
  readonly purpose: string
  /** At most two integers below 2^32. */
  readonly position: readonly number[]
  /** The saved id of a layer, or undefined where the layer's own fallback shall do. */
  readonly idOf?: (owner: object) => string | undefined
}

interface Entry {
  readonly context: RandomContext
  readonly calls: Map<object, number>
}

/** The seed in force until `setSeed` is called. */
const DEFAULT_SEED = 0

let defaultSeed = DEFAULT_SEED
let current: Entry | null = null
let free = new WeakMap<object, number>()

/**
 * Sets the default seed of everything that is not given one: models, trainers, free calls. Free calls are counted from
 * 0 again, so the same seed is followed by the same numbers.
 * @throws OptionError unless `seed` is an integer from 0 to 2^53 - 1.
 */
export function setSeed(seed: number): void {
  defaultSeed = checkSeed("setSeed", seed)
  free = new WeakMap()
}

/** The default seed: 0, or what `setSeed` was last given. */
export function getSeed(): number {
  return defaultSeed
}

/** Makes `context` the current one, with all calls uncounted, and returns the function that restores the previous. */
export function enterRandom(context: RandomContext): () => void {
  checkSeed("enterRandom", context.seed)
  const previous = current
  current = { context, calls: new Map() }
  return () => {
    current = previous
  }
}

/**
 * Runs `body` within `context` and restores the previous one, also when `body` throws. `body` must be synchronous:
 * what follows an `await` would run in whatever context is current by then.
 * @throws OptionError when `body` returns a promise.
 */
export function withRandom<T>(context: RandomContext, body: () => T): T {
  const leave = enterRandom(context)
  try {
    const result = body()
    if (result instanceof Promise) {
      throw new OptionError("withRandom: the function returned a promise", {
        rule: "a random context is in force only until its function returns",
        hint: "await outside, and enter the context around each synchronous part",
      })
    }
    return result
  } finally {
    leave()
  }
}

/**
 * The stream for the next call of `owner` in the current context: (seed, purpose, the owner's id, position ..., call).
 * A layer called twice in a step gets two streams; the same step of the same run always gets the same. Outside of any
 * context, or in a `"free"` one, the position is the owner's count of free calls. `fallbackId` names owners that
 * the context has no id for; those that share one draw the same numbers.
 */
export function drawStream(owner: object, fallbackId: string): Stream {
  const context = current?.context
  const id = context?.idOf?.(owner) ?? fallbackId
  if (current === null || context === undefined || context.purpose === "free") {
    const call = freeCalls(owner)
    free.set(owner, call + 1)
    return stream(context?.seed ?? defaultSeed, "free", id, call)
  }
  const call = current.calls.get(owner) ?? 0
  current.calls.set(owner, call + 1)
  return stream(context.seed, context.purpose, id, ...context.position, call)
}

/** How many free calls `owner` has drawn for. A checkpoint keeps it. */
export function freeCalls(owner: object): number {
  return free.get(owner) ?? 0
}

/** Sets the count of free calls, as when a checkpoint is restored. */
export function setFreeCalls(owner: object, calls: number): void {
  free.set(owner, calls)
}
