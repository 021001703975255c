/** A cell: a number is shown with three significant digits. */
export type Cell = string | number | null

/** Rows under a header, aligned: text to the left, numbers to the right. */
export function table(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const lines = [header, ...rows.map(row => row.map(show))]
  const widths = header.map((_, i) => Math.max(...lines.map(line => (line[i] ?? "").length)))
  const numeric = header.map((_, i) => rows.every(row => typeof row[i] !== "string"))
  const text = lines.map(line =>
    line
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  )
  text.splice(1, 0, widths.map(width => "-".repeat(width)).join("  "))
  return text.join("\n")
}

/** The same as Markdown. */
export function markdown(header: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  const rule = header.map((_, i) => (rows.every(row => typeof row[i] !== "string") ? "---:" : "---"))
  return [line(header), line(rule), ...rows.map(row => line(row.map(show)))].join("\n")
}

function show(cell: Cell): string {
  if (cell === null) return "-"
  if (typeof cell === "string") return cell
  if (!Number.isFinite(cell)) return String(cell)
  if (Number.isInteger(cell)) return String(cell)
  return Math.abs(cell) >= 100 ? cell.toFixed(0) : cell.toPrecision(3)
}
