import { isTensor, OptionError, ShapeError } from "@selvedge/core"
import { asColumn } from "./data/arrays.ts"
import { argMax } from "./metrics/accuracy.ts"

/** How often each class was taken for each. */
export interface ConfusionMatrix {
  /** The classes, ascending: of the rows (true) and the columns (predicted). */
  readonly labels: readonly number[]
  /** `counts[i][j]`: how many of class `labels[i]` were predicted to be `labels[j]`. */
  readonly counts: readonly (readonly number[])[]
  /** As scikit-learn prints it. */
  toString(): string
}

/** Class numbers from class numbers [n] or [n, 1], or from one row of scores per example [n, k]. */
function classesOf(name: string, values: unknown): Int32Array {
  const c = asColumn(name, values)
  if (c.size === 1) {
    const fractional = isTensor(values) && Array.from(c.data).some(value => !Number.isInteger(value))
    // One probability per example: a yes or a no.
    return Int32Array.from(c.data, value => (fractional ? Number(value > 0.5) : value))
  }
  if (c.shape.length !== 1)
    throw new ShapeError(`${name}: class numbers, or a row of scores per example`, {
      facts: { [name]: [c.length, ...c.shape] },
    })
  return Int32Array.from({ length: c.length }, (_, i) => argMax(c.data, i * c.size, c.size))
}

function pairs(owner: string, yTrue: unknown, yPred: unknown) {
  const [t, p] = [classesOf("yTrue", yTrue), classesOf("yPred", yPred)]
  if (t.length === 0) throw new OptionError(`${owner}: there are no examples`)
  if (t.length !== p.length) throw new ShapeError(`${owner}: ${t.length} true classes, ${p.length} predicted ones`)
  return { t, p, labels: [...new Set([...t, ...p])].sort((a, b) => a - b) }
}

/**
 * Counts how often each class was taken for each. Targets and predictions are class numbers, or rows of scores of which
 * the largest counts.
 * @throws ShapeError when they are not equally many.
 */
export function confusionMatrix(yTrue: unknown, yPred: unknown): ConfusionMatrix {
  const { t, p, labels } = pairs("confusionMatrix", yTrue, yPred)
  const at = new Map(labels.map((label, i) => [label, i]))
  const counts = labels.map(() => labels.map(() => 0))
  t.forEach((label, i) => {
    counts[at.get(label)!]![at.get(p[i]!)!]!++
  })
  return { labels, counts, toString: () => printMatrix(counts) }
}

function printMatrix(counts: readonly (readonly number[])[]): string {
  const width = Math.max(...counts.flat().map(count => String(count).length))
  const rows = counts.map(row => `[${row.map(count => String(count).padStart(width)).join(" ")}]`)
  return `[${rows.join("\n ")}]`
}

/** What `classificationReport` can be told. */
export interface ReportOptions {
  /** A name for each class that occurs, in ascending order of class numbers. */
  readonly targetNames?: readonly string[]
  /** Digits after the point. Default 2. */
  readonly digits?: number
}

interface Row {
  readonly name: string
  readonly precision: number
  readonly recall: number
  readonly f1: number
  readonly support: number
}

/**
 * Precision, recall and F1 score of each class and their averages, in scikit-learn's own layout.
 * @throws OptionError when the names are not one per class.
 */
export function classificationReport(yTrue: unknown, yPred: unknown, options: ReportOptions = {}): string {
  const { labels, counts } = confusionMatrix(yTrue, yPred)
  const { targetNames = labels.map(String), digits = 2 } = options
  if (targetNames.length !== labels.length) {
    throw new OptionError(`classificationReport: ${targetNames.length} names for ${labels.length} classes`, {
      facts: { classes: labels.join(", ") },
    })
  }
  const rows = labels.map((_, i) => rowOf(targetNames[i]!, counts, i))
  const total = rows.reduce((sum, row) => sum + row.support, 0)
  const correct = counts.reduce((sum, row, i) => sum + row[i]!, 0)
  const weighted = averageRow("weighted avg", rows, row => row.support / total, total)
  const macro = averageRow("macro avg", rows, () => 1 / rows.length, total)
  return layOut(rows, correct / total, [macro, weighted], digits)
}

function rowOf(name: string, counts: readonly (readonly number[])[], i: number): Row {
  const hits = counts[i]![i]!
  const support = counts[i]!.reduce((sum, count) => sum + count, 0)
  const predicted = counts.reduce((sum, row) => sum + row[i]!, 0)
  const precision = predicted === 0 ? 0 : hits / predicted
  const recall = support === 0 ? 0 : hits / support
  const f1 = support + predicted === 0 ? 0 : (2 * hits) / (support + predicted)
  return { name, precision, recall, f1, support }
}

function averageRow(name: string, rows: readonly Row[], weight: (row: Row) => number, support: number): Row {
  const mean = (value: (row: Row) => number) => rows.reduce((sum, row) => sum + weight(row) * value(row), 0)
  return { name, precision: mean(r => r.precision), recall: mean(r => r.recall), f1: mean(r => r.f1), support }
}

function layOut(rows: readonly Row[], accuracy: number, averages: readonly Row[], digits: number): string {
  const width = Math.max(digits, "weighted avg".length, ...rows.map(row => row.name.length))
  const print = (name: string, cells: readonly (string | number)[]) =>
    `${name.padStart(width)} ${cells.map(cell => ` ${String(cell).padStart(9)}`).join("")}\n`
  const number = (value: number) => value.toFixed(digits)
  const line = ({ name, precision, recall, f1, support }: Row) =>
    print(name, [number(precision), number(recall), number(f1), support])
  const head = print("", ["precision", "recall", "f1-score", "support"])
  const accuracyLine = print("accuracy", ["", "", number(accuracy), averages[0]!.support])
  return `${head}\n${rows.map(line).join("")}\n${accuracyLine}${averages.map(line).join("")}`
}
