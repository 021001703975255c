/** How a column stands. */
export interface Column {
  readonly header: string
  readonly align: "left" | "right" | "center"
  readonly width: number
}

/**
 * A table in Keras's looks (those of the Python library rich), `width` characters wide, a line under each row. Columns
 * that are together too wide shrink evenly; cells wrap between words, and a word that is too long ends in "…".
 */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): string {
  const widths = fit(
    columns.map(column => column.width + 2),
    width - columns.length - 1,
  )
  const header = formatRow(
    columns.map(column => column.header),
    columns,
    widths,
    "┃",
  )
  const body = rows.map(row => formatRow(row, columns, widths, "│"))
  const line = (left: string, middle: string, right: string, dash: string) =>
    left + widths.map(n => dash.repeat(n)).join(middle) + right
  return [
    line("┏", "┳", "┓", "━"),
    header,
    line("┡", "╇", "┩", "━"),
    body.join(`\n${line("├", "┼", "┤", "─")}\n`),
    line("└", "┴", "┘", "─"),
  ].join("\n")
}

/** Takes what is too much from each column, one after the other, in equal parts. */
function fit(widths: readonly number[], total: number): number[] {
  let excess = widths.reduce((sum, n) => sum + n, 0) - total
  if (excess <= 0) return [...widths]
  return widths.map((width, i) => {
    const part = Math.min(width, roundHalfToEven(excess / (widths.length - i)))
    excess -= part
    return width - part
  })
}

/** Python's rounding to an integer: a tie goes to the even one. */
export function roundHalfToEven(x: number): number {
  const down = Math.floor(x)
  if (x - down !== 0.5) return Math.round(x)
  return down % 2 === 0 ? down : down + 1
}

function formatRow(
  cells: readonly string[],
  columns: readonly Column[],
  widths: readonly number[],
  edge: string,
): string {
  const wrapped = columns.map((_, i) => wrap(cells[i] ?? "", Math.max(1, (widths[i] ?? 0) - 2)))
  const height = Math.max(...wrapped.map(lines => lines.length))
  return Array.from({ length: height }, (_, line) => {
    const parts = columns.map((column, i) => {
      return ` ${align(wrapped[i]?.[line] ?? "", Math.max(1, (widths[i] ?? 0) - 2), column.align)} `
    })
    return edge + parts.join(edge) + edge
  }).join("\n")
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ""
  for (const [word] of text.matchAll(/\s*\S+\s*/g)) {
    if (line !== "" && line.length + word.trimEnd().length > width) {
      lines.push(line)
      line = ""
    }
    line += word
  }
  return [...lines, line].map(part => (part.trimEnd().length > width ? `${part.slice(0, width - 1)}…` : part.trimEnd()))
}

function align(text: string, width: number, how: Column["align"]): string {
  if (how === "left") return text.padEnd(width)
  if (how === "right") return text.padStart(width)
  const before = Math.floor((width - text.length) / 2)
  return text.padStart(text.length + before).padEnd(width)
}
