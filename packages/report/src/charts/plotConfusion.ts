import { checkChoice, describe, OptionError, ShapeError } from "@selvedge/core"
import { formatValue } from "./scale.ts"
import { type ChartOptions, checkChart, type Drawing, frame, innerWidth } from "./svg.ts"
import { round, textElement, textWidth, truncate } from "./text.ts"
import { fontSizes, neutral } from "./theme.ts"

/** Options of {@link plotConfusion}. */
export interface ConfusionOptions extends ChartOptions {
  /** What stands in a cell: the count (default), or its share of the row in percent. */
  readonly values?: "count" | "share"
}

const owner = "plotConfusion"
const size = fontSizes.tick
const longestName = 130

/**
 * A confusion matrix: row = true class, column = predicted class. A cell's colour is its share of the row, so classes of
 * different sizes compare; cells of nothing are left empty, and numbers are left out where cells are too small for them.
 *
 * @param matrix `matrix[i][j]`: how many examples of class i were taken for class j
 * @param classNames one name a class
 * @returns SVG text
 * @throws ShapeError when the matrix is not square or the names are not as many
 * @throws OptionError for an unknown option or an entry that is negative or not finite
 */
export function plotConfusion(
  matrix: readonly (readonly number[])[],
  classNames: readonly string[],
  options: ConfusionOptions = {},
): string {
  checkChart(owner, options, ["values"])
  const kind = checkChoice(owner, "values", options.values ?? "count", ["count", "share"])
  checkMatrix(matrix, classNames)
  const n = classNames.length
  const names = classNames.map(name => truncate(name, longestName, size))
  const nameWidth = Math.max(...names.map(name => textWidth(name, size)))
  const left = nameWidth + 8 + 22
  const natural = left + n * Math.max(18, Math.min(52, 700 / n)) + nameWidth * 0.75
  const width = Math.max(200, options.width === undefined ? natural : innerWidth(options.width))
  const cell = (width - left - rightOverhang(nameWidth, n, width - left)) / n
  const drawing = drawMatrix(matrix, names, { left, cell, width, nameWidth, kind })
  return frame(drawing, {
    title: options.title,
    name: "Confusion matrix",
    description: options.description ?? summarize(matrix, classNames),
  })
}

interface Layout {
  readonly left: number
  readonly cell: number
  readonly width: number
  readonly nameWidth: number
  readonly kind: "count" | "share"
}

/** How far slanted column names reach past the last column. */
function rightOverhang(nameWidth: number, n: number, room: number): number {
  return nameWidth + 8 > room / n ? Math.max(0, nameWidth * 0.75 - room / n / 2) : 0
}

function drawMatrix(matrix: readonly (readonly number[])[], names: readonly string[], layout: Layout): Drawing {
  const { left, cell, width, nameWidth, kind } = layout
  const slanted = nameWidth + 8 > cell
  const top = 22 + (slanted ? nameWidth * 0.72 + 14 : 22)
  const span = cell * names.length
  const fontSize = numberSize(matrix, kind, cell)
  const axis = { size: fontSizes.label, fill: neutral.muted.light, anchor: "middle" } as const
  const parts = [
    textElement("Predicted class", left + span / 2, 12, axis),
    textElement("True class", 10, top + span / 2, { ...axis, rotate: -90 }),
    ...names.map((name, i) => {
      const x = left + cell * (i + 0.5)
      if (!slanted) return textElement(name, x, top - 8, { anchor: "middle" })
      return textElement(name, x + 3, top - 7, { rotate: -45 })
    }),
    ...names.map((name, i) => textElement(name, left - 8, top + cell * (i + 0.5) + 4, { anchor: "end" })),
    ...matrix.map((row, i) => drawRow(row, top + cell * i, fontSize, layout)),
    `<rect x="${round(left)}" y="${round(top)}" width="${round(span)}" height="${round(span)}" fill="none" stroke="${neutral.grid.light}"/>`,
  ]
  return { content: parts.join(""), width, height: top + span + 2 }
}

/** One size for all numbers; zero where the longest would be too small to read. */
function numberSize(matrix: readonly (readonly number[])[], kind: "count" | "share", cell: number): number {
  const widest = Math.max(...matrix.flatMap(row => cellTexts(row, kind).map(text => textWidth(text, 1))))
  const fitting = round(Math.min(size, ((cell - 4) / widest) * 0.98))
  return fitting < 8 ? 0 : fitting
}

function cellTexts(row: readonly number[], kind: "count" | "share"): string[] {
  const total = row.reduce((sum, count) => sum + count, 0)
  return row.map(count => (kind === "count" ? formatValue(count) : `${Math.round((count / (total || 1)) * 100)}%`))
}

function drawRow(row: readonly number[], top: number, fontSize: number, { left, cell, kind }: Layout): string {
  const total = row.reduce((sum, count) => sum + count, 0)
  const texts = cellTexts(row, kind)
  return row
    .map((count, j) => {
      if (count === 0) return ""
      const share = count / total
      const x = left + cell * j
      const box = `x="${round(x + 0.5)}" y="${round(top + 0.5)}" width="${round(cell - 1)}" height="${round(cell - 1)}"`
      const rect = `<rect ${box} fill="${neutral.heat.light}" fill-opacity="${round(0.06 + 0.94 * share)}"/>`
      if (!fontSize) return rect
      // Written in the background's colour on strong cells: white on dark blue, in a dark theme the reverse.
      const fill = share > 0.6 ? neutral.background.light : "currentColor"
      const style = { size: fontSize, anchor: "middle", fill } as const
      return rect + textElement(texts[j]!, x + cell / 2, top + cell / 2 + fontSize * 0.36, style)
    })
    .join("")
}

function checkMatrix(matrix: readonly (readonly number[])[], classNames: readonly string[]): void {
  if (!Array.isArray(classNames) || !classNames.length || !classNames.every(name => typeof name === "string")) {
    throw new OptionError(`${owner}: classNames must be a list of strings, got ${describe(classNames)}`)
  }
  const n = classNames.length
  const rows: readonly unknown[] = Array.isArray(matrix) ? matrix : []
  const ragged = rows.findIndex(row => !Array.isArray(row) || row.length !== n)
  if (rows.length !== n || ragged >= 0) {
    throw new ShapeError(`${owner}: the matrix must have a row and a column for each of the ${n} classes`, {
      facts: { matrix: ragged >= 0 ? `row ${ragged} is ${describe(rows[ragged])}` : `${rows.length} rows`, classes: n },
    })
  }
  matrix.forEach((row, i) => {
    row.forEach((count, j) => {
      if (Number.isFinite(count) && count >= 0) return
      throw new OptionError(`${owner}: counts must be finite and >= 0, got ${describe(count)} in row ${i}, column ${j}`)
    })
  })
}

function summarize(matrix: readonly (readonly number[])[], names: readonly string[]): string {
  const total = matrix.flat().reduce((sum, count) => sum + count, 0)
  const right = matrix.reduce((sum, row, i) => sum + row[i]!, 0)
  const mistakes = matrix
    .flatMap((row, i) => row.map((count, j) => ({ count, i, j })))
    .filter(({ count, i, j }) => i !== j && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 3)
    .map(({ count, i, j }) => `${names[i]} taken for ${names[j]} (${formatValue(count)})`)
  const most = mistakes.length ? ` Most frequent mistakes: ${mistakes.join(", ")}.` : ""
  return `${formatValue(right)} of ${formatValue(total)} examples on the diagonal.${most}`
}
