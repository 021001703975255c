import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { type Comparison, compare } from "./comparison/compare.ts"
import { expected } from "./comparison/expected.ts"
import { type Finals, finalsOfRecords } from "./comparison/finals.ts"
import { type Verdict, verdicts } from "./comparison/verdict.ts"
import { experiments } from "./experiments/index.ts"
import { type RunRecord, readRecord, runFolder } from "./running/record.ts"

/** A finished run and where its files lie: `model.keras`, `configuration.json` and its figures as SVG and PNG. */
export interface CollectedRun {
  readonly folder: string
  readonly record: RunRecord
}

/** All that a report of the chapter is made from. */
export interface ChapterResults {
  /** In the order of the book, each experiment's seeds ascending. */
  readonly runs: readonly CollectedRun[]
  /** Where runs under the book's conditions ended, by key: here, and in Keras. */
  readonly finals: Readonly<Record<string, Finals>>
  readonly expected: Readonly<Record<string, Finals>>
  readonly comparison: Comparison
  readonly verdicts: readonly Verdict[]
}

/** Reads what finished runs have left in a folder, and compares it with Keras. Runs that did not finish are passed over. */
export async function collect(out: string): Promise<ChapterResults> {
  const runs: CollectedRun[] = []
  for (const key of Object.keys(experiments)) {
    const names = await readdir(join(out, key)).catch(() => [])
    const seeds = names.filter(name => /^\d+$/.test(name)).map(Number)
    for (const seed of seeds.sort((a, b) => a - b)) {
      const folder = runFolder(out, key, seed)
      const record = await readRecord(folder)
      if (record) runs.push({ folder, record })
    }
  }
  return { runs, ...evaluateRuns(runs.map(({ record }) => record)) }
}

/** The comparison of runs with Keras's. */
export function evaluateRuns(records: readonly RunRecord[]): Omit<ChapterResults, "runs"> {
  // What ran on drawn garments cannot be held against Fashion-MNIST.
  const real = records.filter(({ images }) => !/synthetic/i.test(images))
  const finals = finalsOfRecords(real)
  return { finals, expected, comparison: compare(finals, expected), verdicts: verdicts(finals, expected) }
}

/** The runs in the form in which Keras's are recorded: `{ runs: { KEY: { SEED: { loss, accuracy, ... } } } }`. */
export function asJson(records: readonly RunRecord[]): object {
  const runs: Record<string, Record<string, object>> = {}
  for (const record of records) {
    const { key, seed, history, seconds, test, facts, diverged } = record
    const { loss = [], accuracy = [], val_loss = [], val_accuracy = [], ...others } = history
    runs[key] ??= {}
    runs[key][String(seed)] = {
      loss,
      accuracy,
      val_loss,
      val_accuracy,
      ...others,
      seconds,
      ...(test ? { test } : {}),
      diverged,
      ...facts,
    }
  }
  const { comparison, verdicts: all } = evaluateRuns(records)
  return { runs, comparison, verdicts: all }
}
