import { checkKeys, describe, OptionError } from "@selvedge/core"
import type { Trainer } from "../trainer.ts"
import type { Callback, CallbackState, Logs } from "./callback.ts"

const hooks = [
  "onTrainBegin",
  "onTrainEnd",
  "onEpochBegin",
  "onEpochEnd",
  "onTrainBatchBegin",
  "onTrainBatchEnd",
  "onTestBegin",
  "onTestEnd",
  "onTestBatchBegin",
  "onTestBatchEnd",
  "onPredictBegin",
  "onPredictEnd",
  "onPredictBatchBegin",
  "onPredictBatchEnd",
] as const

/** The name of a hook. */
export type HookName = (typeof hooks)[number]

/** The callbacks of a run, in order. A hook that nobody has costs nothing. */
export class Callbacks {
  readonly #callbacks: readonly Callback[]
  readonly #trainer: Trainer
  readonly #having: Readonly<Record<HookName, readonly Callback[]>>

  /** @throws OptionError for anything but objects, or a hook whose name is almost right. */
  constructor(callbacks: readonly Callback[], trainer: Trainer) {
    callbacks.forEach(checkCallback)
    this.#callbacks = [...callbacks.filter(c => !c.last), ...callbacks.filter(c => c.last)]
    this.#trainer = trainer
    const having = (name: HookName) => this.#callbacks.filter(c => typeof c[name] === "function")
    this.#having = Object.fromEntries(hooks.map(name => [name, having(name)])) as Record<HookName, Callback[]>
  }

  /** Whether any callback has the hook. */
  has(name: HookName): boolean {
    return this.#having[name].length > 0
  }

  /** Whether a callback of this class takes part. */
  some(test: (callback: Callback) => boolean): boolean {
    return this.#callbacks.some(test)
  }

  /** Runs a hook without number: the beginnings. */
  async begin(name: "onTrainBegin" | "onTestBegin" | "onPredictBegin" | "onPredictEnd"): Promise<void> {
    for (const callback of this.#having[name]) await callback[name]?.(this.#trainer)
  }

  /** Runs a hook at an end, with logs. */
  async end(name: "onTrainEnd" | "onTestEnd", logs: Logs): Promise<void> {
    for (const callback of this.#having[name]) await callback[name]?.(logs, this.#trainer)
  }

  /** Runs a hook with a number. */
  async at(
    name: "onEpochBegin" | "onTrainBatchBegin" | "onTestBatchBegin" | "onPredictBatchBegin" | "onPredictBatchEnd",
    index: number,
  ): Promise<void> {
    for (const callback of this.#having[name]) await callback[name]?.(index, this.#trainer)
  }

  /** Runs a hook with a number and logs. All see the same logs and may add to them. */
  async after(name: "onEpochEnd" | "onTrainBatchEnd" | "onTestBatchEnd", index: number, logs: Logs): Promise<void> {
    for (const callback of this.#having[name]) await callback[name]?.(index, logs, this.#trainer)
  }

  /** The states of all callbacks that have one, by name and count. */
  getStates(): Record<string, CallbackState> {
    return Object.fromEntries(this.#named().map(([name, callback]) => [name, callback.getState!()]))
  }

  /** Gives each callback its state back. */
  setStates(states: Readonly<Record<string, CallbackState>>): void {
    for (const [name, callback] of this.#named()) {
      const state = states[name]
      if (state) callback.setState?.(state)
    }
  }

  #named(): [string, Callback][] {
    const counts = new Map<string, number>()
    return this.#callbacks
      .filter(callback => callback.getState)
      .map(callback => {
        const name = callback.name ?? callback.constructor.name
        const count = counts.get(name) ?? 0
        counts.set(name, count + 1)
        return [count === 0 ? name : `${name}_${count}`, callback]
      })
  }
}

function checkCallback(callback: Callback): void {
  if (typeof callback !== "object" || callback === null) {
    throw new OptionError(`fit: a callback is an object with hooks, got ${describe(callback)}`)
  }
  const looksLikeHook = (key: string) => /^on[A-Z_]/i.test(key) && typeof Reflect.get(callback, key) === "function"
  const own = Object.keys(callback).filter(looksLikeHook)
  checkKeys("callback", Object.fromEntries(own.map(key => [key, null])), hooks)
}
