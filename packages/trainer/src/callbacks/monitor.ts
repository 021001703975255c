import { checkChoice, checkNumber, OptionError } from "@selvedge/core"
import type { Trainer } from "../trainer.ts"
import type { Logs } from "./callback.ts"

/** What callbacks that watch a number can be told. */
export interface MonitorOptions {
  /** Which number. Default `"val_loss"`. */
  readonly monitor?: string
  /** Whether less or more is better; `"auto"` asks the metric. */
  readonly mode?: "auto" | "min" | "max"
  /** Less of a change than this is no improvement. Default 0. */
  readonly minDelta?: number
}

/** The keys of `MonitorOptions`. */
export const monitorKeys = ["monitor", "mode", "minDelta"]

/** Watches one number of the logs and knows what is better. */
export class Monitor {
  readonly name: string
  readonly #owner: string
  readonly #mode: "auto" | "min" | "max"
  readonly #minDelta: number

  /** @throws OptionError for a wrong option. */
  constructor(owner: string, { monitor = "val_loss", mode = "auto", minDelta = 0 }: MonitorOptions) {
    if (typeof monitor !== "string") throw new OptionError(`${owner}: monitor must be the name of a number`)
    this.#owner = owner
    this.name = monitor
    this.#mode = checkChoice(owner, "mode", mode, ["auto", "min", "max"])
    this.#minDelta = Math.abs(checkNumber(owner, "minDelta", minDelta))
  }

  /**
   * The number; null in an epoch that was not validated.
   * @throws OptionError when there is no such number.
   */
  value(logs: Logs, trainer: Trainer): number | null {
    const value = logs[this.name]
    if (value !== undefined) return value
    if (this.name.startsWith("val_") && trainer.run?.hasValidation && !Object.keys(logs).some(isOfValidation))
      return null
    throw new OptionError(`${this.#owner}: there is no "${this.name}" to watch`, {
      facts: { available: Object.keys(logs).join(", ") },
      ...(this.name.startsWith("val_") ? { hint: "give fit validationData or a validationSplit" } : {}),
    })
  }

  /** Whether `current` is better than `reference`, which may not exist yet. */
  improves(current: number, reference: number | null, trainer: Trainer): boolean {
    if (reference === null) return true
    return this.#direction(trainer) === "min"
      ? current + this.#minDelta < reference
      : current - this.#minDelta > reference
  }

  #direction(trainer: Trainer): "min" | "max" {
    if (this.#mode !== "auto") return this.#mode
    const name = this.name.replace(/^val_/, "")
    if (name === "loss" || name.endsWith("_loss")) return "min"
    const direction = trainer.metrics.all.find(entry => entry.name === name)?.metric.direction
    if (direction) return direction
    throw new OptionError(`${this.#owner}: it is not known whether less or more of "${this.name}" is better`, {
      hint: 'say so with mode: "min" or mode: "max"',
    })
  }
}

const isOfValidation = (name: string) => name.startsWith("val_")

/** `-Infinity` and the like survive; undefined does not. */
export const orNull = (value: unknown): number | null => (typeof value === "number" ? value : null)
