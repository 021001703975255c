import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { type Comparison, compare } from "./comparison/compare.ts"
import { expected } from "./comparison/expected.ts"
import { type Finals, finalsOfRecords } from "./comparison/finals.ts"
import { type Verdict, verdicts as verdictsOf } from "./comparison/verdict.ts"
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
  return { finals, expected, comparison: compare(finals, expected), verdicts: verdictsOf(finals, expected) }
}

/**
 * The runs in the form in which Keras's are recorded,
 * `{ runs: { KEY: { SEED: { loss, accuracy, val_loss, val_accuracy, seconds, test? } } } }`, with what else they found,
 * the comparison with Keras and the verdict on transfer beside them.
 */
export function asJson(records: readonly RunRecord[]): object {
  const runs: Record<string, Record<string, object>> = {}
  const findings: Record<string, Record<string, object>> = {}
  for (const { key, seed, history, seconds, test, facts, diverged } of records) {
    const { loss = [], accuracy = [], val_loss = [], val_accuracy = [], ...others } = history
    const tested = test ? { test } : {}
    runs[key] = { ...runs[key], [seed]: { loss, accuracy, val_loss, val_accuracy, seconds, ...tested } }
    findings[key] = { ...findings[key], [seed]: { diverged, ...others, ...facts } }
  }
  const { comparison, verdicts } = evaluateRuns(records)
  return { runs, findings, comparison, verdicts }
}
