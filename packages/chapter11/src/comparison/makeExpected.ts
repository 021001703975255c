import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type Finals, finalsOf, type KeyRuns } from "./finals.ts"

// Makes expected.ts from files of Keras's runs:
//   tsx --conditions=@selvedge/source packages/chapter11/src/comparison/makeExpected.ts chapter11-keras.json [more.json]
// A later file adds seeds to an earlier one.

const digits = (x: number | null) => (x === null ? null : Number(x.toPrecision(6)))

function read(files: readonly string[]): Record<string, KeyRuns> {
  const all: Record<string, Record<string, KeyRuns[string]>> = {}
  for (const file of files) {
    const { runs } = JSON.parse(readFileSync(file, "utf8"))
    for (const [key, seeds] of Object.entries<KeyRuns>(runs)) all[key] = { ...all[key], ...seeds }
  }
  return all
}

const rounded = ({ seeds, val_loss, val_accuracy, test_accuracy, seconds }: Finals): Finals => ({
  seeds,
  val_loss: val_loss.map(digits),
  val_accuracy: val_accuracy.map(digits),
  ...(test_accuracy ? { test_accuracy: test_accuracy.map(digits) } : {}),
  seconds: Number(seconds.toFixed(1)),
})

const table = Object.fromEntries(
  Object.entries(read(process.argv.slice(2))).map(([key, runs]) => [key, rounded(finalsOf(runs))]),
)
const text = `import type { Finals } from "./finals.ts"

/** Where Keras 3 on JAX ended with each experiment; made by \`makeExpected.ts\` from its full record. */
export const expected: Readonly<Record<string, Finals>> = ${JSON.stringify(table, null, 2)}
`
writeFileSync(fileURLToPath(new URL("expected.ts", import.meta.url)), text)
