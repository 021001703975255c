import { OptionError, type Shape, ShapeError } from "@selvedge/core"
import type { Column } from "./dataset.ts"
import type { Columns } from "./feed.ts"

/** What a model expects: per input and output the shape of one example; null where any size will do. */
export interface Expected {
  readonly inputs: readonly (readonly (number | null)[])[]
  readonly outputs: readonly (readonly (number | null)[])[]
  /** Whether an output's targets are class numbers, one-hot rows or anything. */
  readonly targets: readonly ("classes" | "one-hot" | "any")[]
}

/**
 * Looks at all data before the first step.
 * @throws OptionError or ShapeError, with the row and column, for empty data, lengths that differ, shapes that do not fit
 *   the model, NaN or infinite numbers, class numbers out of range.
 */
export function checkColumns(owner: string, columns: Columns, expected: Expected): void {
  const { x, y, sampleWeight } = columns
  checkLengths(owner, columns)
  x.forEach((c, i) => {
    checkInput(owner, nameOf("x", x, i), c, expected.inputs[i])
  })
  y.forEach((c, i) => {
    checkTargets(owner, nameOf("y", y, i), c, expected.outputs[i], expected.targets[i] ?? "any")
  })
  for (const c of sampleWeight) checkFinite(owner, "sampleWeight", c)
}

const nameOf = (name: string, columns: readonly Column[], i: number) => (columns.length > 1 ? `${name}[${i}]` : name)

function checkLengths(owner: string, { x, y, sampleWeight }: Columns): void {
  const [first] = x
  if (!first || first.length === 0) throw new OptionError(`${owner}: x has no examples`)
  const parts: [string, readonly Column[]][] = [
    ["x", x],
    ["y", y],
    ["sampleWeight", sampleWeight],
  ]
  for (const [name, columns] of parts) {
    columns.forEach((c, i) => {
      if (c.length === first.length) return
      throw new ShapeError(`${owner}: x has ${first.length} examples, ${nameOf(name, columns, i)} has ${c.length}`, {
        facts: { x: [first.length, ...first.shape], [nameOf(name, columns, i)]: [c.length, ...c.shape] },
        rule: "one target, and one weight, per example",
      })
    })
  }
}

function checkInput(owner: string, name: string, c: Column, shape: readonly (number | null)[] | undefined): void {
  if (shape && !fits(c.shape, shape)) {
    throw new ShapeError(`${owner}: the model takes other inputs than ${name} has`, {
      facts: { [name]: [c.length, ...c.shape], model: [null, ...shape] },
      ...(c.shape.length === shape.length - 1 ? { hint: "a single example needs a first axis of 1" } : {}),
    })
  }
  checkFinite(owner, name, c)
}

const fits = (shape: Shape, expected: readonly (number | null)[]) =>
  shape.length === expected.length && expected.every((n, axis) => n === null || n === shape[axis])

function checkFinite(owner: string, name: string, c: Column): void {
  const { data } = c
  if (c.decode || data instanceof Uint8Array || data instanceof Int32Array || data instanceof Uint32Array) return
  for (let i = 0; i < data.length; i++) {
    if (Number.isFinite(data[i])) continue
    throw new OptionError(`${owner}: ${name} has ${data[i]} in row ${Math.floor(i / c.size)}${place(c, i)}`, {
      facts: { [name]: [c.length, ...c.shape] },
      rule: "all numbers are finite",
    })
  }
}

/** `, column 3` or `, position [3, 5]` of a number within its example. */
function place({ shape, size }: Column, i: number): string {
  if (shape.length === 0) return ""
  let rest = i % size
  const at = [...shape].reverse().map(n => {
    const index = rest % n
    rest = Math.floor(rest / n)
    return index
  })
  return at.length === 1 ? `, column ${at[0]}` : `, position [${at.reverse().join(", ")}]`
}

function checkTargets(
  owner: string,
  name: string,
  c: Column,
  output: readonly (number | null)[] | undefined,
  kind: "classes" | "one-hot" | "any",
): void {
  const classes = output?.at(-1)
  if (kind === "classes" && typeof classes === "number") checkClasses(owner, name, c, output ?? [], classes)
  else checkFinite(owner, name, c)
  if (kind === "one-hot" && output && !fits(c.shape, output)) {
    throw new ShapeError(`${owner}: categorical targets need the shape of the predictions`, {
      facts: { [name]: [c.length, ...c.shape], predictions: [null, ...output] },
      hint: 'class numbers go to "sparse_categorical_crossentropy"',
    })
  }
}

function checkClasses(owner: string, name: string, c: Column, output: readonly (number | null)[], n: number): void {
  const outer = output.slice(0, -1)
  if (!fits(c.shape, outer) && !fits(c.shape, [...outer, 1])) {
    throw new ShapeError(`${owner}: sparse targets need one class number for each prediction`, {
      facts: { [name]: [c.length, ...c.shape], predictions: [null, ...output] },
      ...(fits(c.shape, output) ? { hint: 'one-hot targets go to "categorical_crossentropy"' } : {}),
    })
  }
  for (let i = 0; i < c.data.length; i++) {
    const label = c.data[i]!
    if (Number.isInteger(label) && label >= 0 && label < n) continue
    throw new OptionError(`${owner}: ${name} has the label ${label} in row ${Math.floor(i / c.size)}`, {
      facts: { classes: n },
      rule: `a label is an integer from 0 to ${n - 1}`,
    })
  }
}
