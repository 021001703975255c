import { FormatError } from "@selvedge/core"
import type { NamedArray } from "@selvedge/formats"
import { formats } from "../index.ts"
import { asFloats } from "./data.ts"
import { type Opened, openFile, weightsOf } from "./files.ts"
import { type Command, positional, short, table } from "./report.ts"

interface Difference {
  readonly name: string
  readonly largest: number
  readonly mean: number
}

/** The largest and the mean absolute difference of two arrays; a NaN on one side alone counts as infinite. */
export function difference(a: NamedArray, b: NamedArray): Difference {
  const [x, y] = [asFloats(a.data), asFloats(b.data)]
  let [largest, sum] = [0, 0]
  for (let i = 0; i < x.length; i++) {
    const same = Object.is(x[i], y[i]) || x[i] === y[i]
    const off = same ? 0 : Math.abs(x[i]! - y[i]!)
    const amount = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off
    largest = Math.max(largest, amount)
    sum += amount
  }
  return { name: a.name, largest, mean: x.length === 0 ? 0 : sum / x.length }
}

/** `diff A B`: how far the weights of two files are apart. */
export const diff: Command = {
  about: "Largest and mean difference of each weight of two files",
  args: { a: positional("one file"), b: positional("the other file") },
  async run({ a, b }) {
    const [one, other] = await arraysOf(String(a), String(b))
    const byName = one.every(x => other.some(y => y.name === x.name))
    // Layers without a name of their own are numbered through a process: then their places tell.
    const partner = (x: NamedArray, i: number) => (byName ? other.find(y => y.name === x.name) : other[i])
    const pairs = one.map((x, i) => [x, partner(x, i)] as const)
    const odd = pairs.find(([x, y]) => String(x.shape) !== String(y?.shape))
    if (odd || one.length !== other.length) {
      const [x, y] = odd ?? []
      throw new FormatError(`${String(a)} and ${String(b)} hold different weights`, {
        facts: {
          a: one.length,
          b: other.length,
          weight: x?.name ?? "",
          "shape in a": x?.shape ?? "",
          "shape in b": y?.shape ?? "",
        },
      })
    }
    const weights = pairs.map(([x, y]) => difference(x, y!))
    const equal = weights.every(w => w.largest === 0)
    const rows = weights.map(w => [w.name, short(w.largest), short(w.mean)])
    const text = `${table([["weight", "largest", "mean"], ...rows])}\n\n${equal ? "all equal" : "they differ"}`
    // JSON has no infinity.
    const plain = weights.map(w => ({ ...w, largest: finite(w.largest), mean: finite(w.mean) }))
    return { value: { a, b, equal, weights: plain }, text }
  },
}

/** The arrays of both. A file of weights alone is read as those of the other file's model, where there is one. */
async function arraysOf(a: string, b: string): Promise<[readonly NamedArray[], readonly NamedArray[]]> {
  const [one, other] = [await openFile(a), await openFile(b)]
  const model = one.model ?? other.model
  const { loadWeights } = await formats()
  const arraysIn = async ({ kind, arrays }: Opened, path: string) => {
    if (!model || kind !== "weights.h5") return arrays
    await loadWeights(model, path)
    return weightsOf(model)
  }
  return [await arraysIn(one, a), await arraysIn(other, b)]
}

const finite = (value: number) => (Number.isFinite(value) ? value : "Infinity")
