import { checkBoolean, checkKeys, checkNumber } from "@selvedge/core"
import type { CustomObjects } from "@selvedge/layers"

/** How to read a file. */
export interface LoadOptions {
  /** Classes and functions of your own, by the names that the file uses for them. Only classes of yours may run code. */
  customObjects?: CustomObjects
  /** Milliseconds after which reading is given up; 5,000 plus 50 per megabyte when absent. */
  timeoutMs?: number
  /** Read in this thread, without a time limit: for files of your own. */
  trusted?: boolean
}

/** How to load weights into a model that exists. */
export interface WeightOptions {
  /** Match layers by name instead of by place; layers that the file does not have keep their weights. */
  byName?: boolean
  /** Leave out weights whose number or shape differs instead of refusing the file. */
  skipMismatch?: boolean
}

const LOAD = ["customObjects", "timeoutMs", "trusted"]
const WEIGHTS = ["byName", "skipMismatch", "timeoutMs", "trusted"]

/** @throws OptionError for a key or value that is not one. */
export function checkLoad(owner: string, options: LoadOptions): void {
  checkKeys(owner, options, LOAD)
  checkCommon(owner, options)
}

/** @throws OptionError for a key or value that is not one. */
export function checkWeights(owner: string, options: WeightOptions & Omit<LoadOptions, "customObjects">): void {
  checkKeys(owner, options, WEIGHTS)
  checkCommon(owner, options)
  if (options.byName !== undefined) checkBoolean(owner, "byName", options.byName)
  if (options.skipMismatch !== undefined) checkBoolean(owner, "skipMismatch", options.skipMismatch)
}

function checkCommon(owner: string, options: LoadOptions): void {
  if (options.timeoutMs !== undefined) checkNumber(owner, "timeoutMs", options.timeoutMs, { above: 0 })
  if (options.trusted !== undefined) checkBoolean(owner, "trusted", options.trusted)
}
