import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { experiments } from "../experiments/index.ts"
import { type Finals, finalsOf, type KeyRuns } from "./finals.ts"

// Makes expected.ts from files of Keras's runs:
//   tsx --conditions=@selvedge/source packages/chapter11/src/comparison/makeExpected.ts chapter11-keras.json [SEED=run.json]...
// A plain path is a record of many seeds, `{ runs: { KEY: { SEED: ... } } }`; SEED=FILE is what keras_chapter11.py writes
// for one seed, `{ KEY: ... }`. A later file adds to an earlier one, whose runs stand.

type Runs = Record<string, Record<string, KeyRuns[string]>>

const digits = (x: number | null) => (x === null ? null : Number(x.toPrecision(6)))

function read(argument: string): Runs {
  const [, seed, file = argument] = /^(\d+)=(.+)$/.exec(argument) ?? []
  const content = JSON.parse(readFileSync(file, "utf8"))
  if (seed === undefined) return content.runs
  return Object.fromEntries(Object.entries<KeyRuns[string]>(content).map(([key, run]) => [key, { [seed]: run }]))
}

function merge(all: readonly Runs[]): Runs {
  const merged: Runs = {}
  for (const runs of all) {
    for (const [key, seeds] of Object.entries(runs)) merged[key] = { ...seeds, ...merged[key] }
  }
  return merged
}

const rounded = ({ seeds, val_loss, val_accuracy, test_accuracy, seconds }: Finals): Finals => ({
  seeds,
  val_loss: val_loss.map(digits),
  val_accuracy: val_accuracy.map(digits),
  ...(test_accuracy ? { test_accuracy: test_accuracy.map(digits) } : {}),
  seconds: Number(seconds.toFixed(1)),
})

const all = merge(process.argv.slice(2).map(read))
// In the order of the book.
const keys = Object.keys(experiments).filter(key => key in all)
const table = Object.fromEntries(keys.map(key => [key, rounded(finalsOf(all[key] ?? {}))]))
const text = `import type { Finals } from "./finals.ts"

/** Where Keras 3 on JAX ended with each experiment; made by \`makeExpected.ts\` from its full record. */
export const expected: Readonly<Record<string, Finals>> = ${JSON.stringify(table, null, 2)}
`
writeFileSync(fileURLToPath(new URL("expected.ts", import.meta.url)), text)
