import { checkBoolean, checkChoice, checkKeys, checkNumber, describe, OptionError } from "@selvedge/core"
import type { Callback } from "./callbacks/callback.ts"

/** What `fit` can be told. */
export interface FitOptions {
  /** How many epochs; counted from the very first, also when `initialEpoch` is given. Default 1. */
  readonly epochs?: number
  /** Examples per step. Default 32. */
  readonly batchSize?: number
  /** 0 says nothing, 1 shows a bar on a terminal and a line per epoch elsewhere, 2 a line per epoch. Default 1. */
  readonly verbose?: 0 | 1 | 2
  readonly callbacks?: readonly Callback[]
  /** `[x, y]`, `[x, y, sampleWeight]`, or a Dataset or function of the epoch. */
  readonly validationData?: unknown
  /** This last share of the examples is not trained on but validated with. It is taken before shuffling. */
  readonly validationSplit?: number
  /** Validates every so many epochs, or after the epochs listed (counted from 1). Default 1. */
  readonly validationFreq?: number | readonly number[]
  /** Default: batchSize. */
  readonly validationBatchSize?: number
  /** Validates on so many batches only. */
  readonly validationSteps?: number
  /** Ends an epoch after so many batches. */
  readonly stepsPerEpoch?: number
  /** Begins with this epoch, counted from 0. */
  readonly initialEpoch?: number
  /** Another order each epoch, by the trainer's seed. Default true. */
  readonly shuffle?: boolean
  /** A weight per example. */
  readonly sampleWeight?: unknown
  /** A weight per class. */
  readonly classWeight?: Readonly<Record<number, number>>
  /** Ends the run after the current step. What was learned and the History so far stay. */
  readonly signal?: AbortSignal
}

const fitKeys = [
  "epochs",
  "batchSize",
  "verbose",
  "callbacks",
  "validationData",
  "validationSplit",
  "validationFreq",
  "validationBatchSize",
  "validationSteps",
  "stepsPerEpoch",
  "initialEpoch",
  "shuffle",
  "sampleWeight",
  "classWeight",
  "signal",
]

/** The options of a run, completed. */
export interface FitSettings {
  readonly epochs: number
  readonly batchSize: number
  readonly verbose: 0 | 1 | 2
  readonly callbacks: readonly Callback[]
  readonly validationData: unknown
  readonly validationSplit: number
  readonly validationFreq: number | readonly number[]
  readonly validationBatchSize: number
  readonly validationSteps: number | null
  readonly stepsPerEpoch: number | null
  readonly initialEpoch: number
  readonly shuffle: boolean
  readonly sampleWeight: unknown
  readonly classWeight: Readonly<Record<number, number>> | null
  readonly signal: AbortSignal | null
}

const positive = { min: 1, integer: true }
const orNull = (name: string, value: number | undefined) =>
  value === undefined || value === null ? null : checkNumber("fit", name, value, positive)

/** @throws OptionError for an unknown or wrong option. */
export function settleFit(options: FitOptions): FitSettings {
  checkKeys("fit", options, fitKeys)
  const batchSize = checkNumber("fit", "batchSize", options.batchSize ?? 32, positive)
  const validationSplit = checkNumber("fit", "validationSplit", options.validationSplit ?? 0, { min: 0, below: 1 })
  if (validationSplit > 0 && options.validationData) {
    throw new OptionError("fit: only one of validationData and validationSplit can be given")
  }
  return {
    epochs: checkNumber("fit", "epochs", options.epochs ?? 1, { min: 0, integer: true }),
    batchSize,
    verbose: checkVerbose("fit", options.verbose),
    callbacks: checkList(options.callbacks ?? []),
    validationData: options.validationData ?? null,
    validationSplit,
    validationFreq: checkFrequency(options.validationFreq ?? 1),
    validationBatchSize: checkNumber("fit", "validationBatchSize", options.validationBatchSize ?? batchSize, positive),
    validationSteps: orNull("validationSteps", options.validationSteps),
    stepsPerEpoch: orNull("stepsPerEpoch", options.stepsPerEpoch),
    initialEpoch: checkNumber("fit", "initialEpoch", options.initialEpoch ?? 0, { min: 0, integer: true }),
    shuffle: checkBoolean("fit", "shuffle", options.shuffle ?? true),
    sampleWeight: options.sampleWeight ?? null,
    classWeight: options.classWeight ?? null,
    signal: checkSignal("fit", options.signal),
  }
}

/** @throws OptionError for anything but an AbortSignal, or nothing. */
export function checkSignal(owner: string, signal: AbortSignal | null | undefined): AbortSignal | null {
  if (signal === undefined || signal === null || typeof signal.addEventListener === "function") return signal ?? null
  throw new OptionError(`${owner}: signal must be an AbortSignal, got ${describe(signal)}`, {
    hint: "pass controller.signal, not the controller",
  })
}

/** @throws OptionError for anything but 0, 1 or 2. */
export function checkVerbose(owner: string, verbose: unknown = 1): 0 | 1 | 2 {
  return Number(checkChoice(owner, "verbose", String(verbose), ["0", "1", "2"])) as 0 | 1 | 2
}

function checkList(callbacks: readonly Callback[]): readonly Callback[] {
  if (Array.isArray(callbacks)) return callbacks
  throw new OptionError(`fit: callbacks must be a list, got ${describe(callbacks)}`)
}

function checkFrequency(value: number | readonly number[]): number | readonly number[] {
  if (typeof value === "number") return checkNumber("fit", "validationFreq", value, positive)
  if (!Array.isArray(value))
    throw new OptionError(`fit: validationFreq must be a number or a list, got ${describe(value)}`)
  return value.map(epoch => checkNumber("fit", "an epoch of validationFreq", epoch, positive))
}
