import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { writeFileAtomic } from "@selvedge/formats"
import type { Fact } from "../experiment.ts"

/** What runs are told on the command line; a run is only gone on with under the same. */
export interface Settings {
  /** In place of the book's number of epochs; null for the book's. */
  readonly epochs: number | null
  readonly quick: boolean
  /** The folder of the images; null for wherever they are found. */
  readonly data: string | null
}

/** A number of a curve; null for one that is not finite, which JSON does not have. */
export type Curve = readonly (number | null)[]

/** One of the trainings of a run. */
export interface Part {
  readonly history: Readonly<Record<string, Curve>>
  readonly seconds: number
  readonly test: readonly [loss: number | null, accuracy: number | null]
  /** The learning rate at some of the steps. */
  readonly rates: { readonly steps: readonly number[]; readonly values: readonly number[] }
}

/** All that a finished run leaves in its `history.json`. */
export interface RunRecord {
  readonly key: string
  readonly title: string
  readonly seed: number
  readonly settings: Settings
  /** The images that it ran on. */
  readonly images: string
  /** Loss and metrics, epoch by epoch; empty for a run that trains nothing. */
  readonly history: Readonly<Record<string, Curve>>
  /** Its trainings by name; one called "" where it is all there is. */
  readonly parts: Readonly<Record<string, Part>>
  /** Seconds of training, those before an interruption included. */
  readonly seconds: number
  readonly test: readonly [loss: number | null, accuracy: number | null] | null
  /** Whether a loss was not finite, or the last one is above what guessing costs. */
  readonly diverged: boolean
  readonly facts: Readonly<Record<string, Fact>>
  /** What it printed. */
  readonly lines: readonly string[]
  /** Names of its pictures: NAME.svg in its folder, narrow/NAME.svg for phones, and NAME.png of what is for print. */
  readonly figures: readonly string[]
  readonly versions: Readonly<Record<string, string>>
}

/** Where a run's pictures for phones lie, and how wide they are, in pixels. */
export const narrowFolder = "narrow"
export const narrowWidth = 340

/** The folder of a run. */
export const runFolder = (out: string, key: string, seed: number): string => join(out, key, String(seed))

/** The cost of guessing among ten classes: ln 10. A validation loss above it is worth nothing. */
export const guessing = Math.LN10

/**
 * Whether a run diverged: a loss that is not finite, or in the end a validation loss above what guessing costs.
 * Training losses that begin high and come down do not count.
 */
export function hasDiverged(history: Readonly<Record<string, Curve>>): boolean {
  const { loss = [], val_loss = [] } = history
  const last = val_loss.at(-1)
  return [...loss, ...val_loss].includes(null) || (typeof last === "number" && last > guessing)
}

/** The record of a finished run; null when there is none that can be read. */
export async function readRecord(folder: string): Promise<RunRecord | null> {
  const text = await readFile(join(folder, "history.json"), "utf8").catch(() => null)
  if (text === null) return null
  try {
    const record: unknown = JSON.parse(text)
    return isRecord(record) ? record : null
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is RunRecord {
  const keys = ["key", "seed", "settings", "history", "parts", "seconds", "diverged", "lines", "figures"]
  return typeof value === "object" && value !== null && keys.every(key => key in value)
}

/** Whether both were told the same. */
export const sameSettings = (a: Settings, b: Settings): boolean =>
  a.epochs === b.epochs && a.quick === b.quick && a.data === b.data

/** Writes a value as JSON; the file is there whole or not at all. */
export async function writeJson(file: string, value: unknown, indent = 0): Promise<void> {
  await writeFileAtomic(file, new TextEncoder().encode(`${JSON.stringify(value, null, indent)}\n`))
}

/** Numbers as JSON has them. */
export const asCurve = (values: readonly number[]): Curve => values.map(x => (Number.isFinite(x) ? x : null))
