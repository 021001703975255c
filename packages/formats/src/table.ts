import { checkChoice, checkKeys, OptionError } from "@selvedge/core"
import { type Refuse, refuseIn, show, UNNAMED } from "./fail.ts"
import { isObject, type Json, parseJson } from "./json.ts"

/** What a column holds. */
export type ColumnType = "number" | "integer" | "boolean" | "string"

/** One column of a table. */
export type Column =
  | { name: string; type: "number" | "integer"; values: Float64Array }
  | { name: string; type: "boolean"; values: boolean[] }
  | { name: string; type: "string"; values: string[] }

/** Rows of named, typed columns. */
export interface Table {
  rows: number
  columns: Column[]
}

/** How to read a table. */
export interface TableOptions {
  /** Types by column name; a column without one gets the narrowest of integer, number, boolean, string that fits. */
  types?: Readonly<Record<string, ColumnType>>
  /** Value of an empty cell in a number column, for instance NaN. Without it an empty cell there is an error. */
  missing?: number
  /** Between cells; a comma when absent. */
  delimiter?: string
  /** Name for errors. */
  name?: string
}

const TYPES = ["number", "integer", "boolean", "string"] as const
const OPTIONS = ["types", "missing", "delimiter", "name"]
// Without two ways to match the same digits, which would take a time that grows with the square of their number.
const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/
const SPECIAL = new Map([
  ["nan", NaN],
  ["inf", Infinity],
  ["infinity", Infinity],
  ["-inf", -Infinity],
  ["-infinity", -Infinity],
])

/**
 * Reads comma-separated values with a header line: RFC 4180 (quotes, doubled quotes, line breaks inside quotes, LF or
 * CRLF), a byte order mark is skipped, an empty last line is ignored.
 *
 * @throws FormatError naming row (the header is row 1) and column, for a row of another length, a bad quote, a cell that is not of its
 *   column's type; OptionError for types of columns that do not exist.
 */
export function readCsv(text: string, options: TableOptions = {}): Table {
  checkKeys("readCsv", options, OPTIONS)
  const { delimiter = ",", name = UNNAMED } = options
  if (delimiter.length !== 1 || '"\r\n'.includes(delimiter)) {
    throw new OptionError(
      `readCsv: delimiter must be one character, no quote and no line break, got ${show(delimiter)}`,
    )
  }
  const refuse = refuseIn(name)
  const [header, ...rows] = splitRows(text.replace(/^\uFEFF/, ""), delimiter, refuse)
  if (!header) throw refuse("row 1", "a header", "an empty file")
  checkHeader(header, refuse)
  rows.forEach((row, i) => {
    if (row.length !== header.length) throw refuse(`row ${i + 2}`, `${header.length} cells`, `${row.length}`)
  })
  return toTable(header, rows, options, refuse)
}

/**
 * Reads a table from JSON: an array of objects with the same keys, or `{"columns": [...], "rows": [[...], ...]}`. Cells
 * are numbers, texts, true, false or null (missing).
 * @throws FormatError naming row (the first is 1) and column.
 */
export function readJsonTable(text: string, options: TableOptions = {}): Table {
  checkKeys("readJsonTable", options, OPTIONS)
  const refuse = refuseIn(options.name ?? UNNAMED)
  const value = parseJson(text, refuse, "table")
  const [header, rows] = Array.isArray(value) ? fromObjects(value, refuse) : fromRows(value, refuse)
  checkHeader(header, refuse)
  return toTable(header, rows, options, refuse)
}

function fromObjects(items: readonly Json[], refuse: Refuse): [string[], string[][]] {
  const first = items[0]
  if (!isObject(first)) throw refuse("row 1", "an object", show(first))
  const header = Object.keys(first)
  const columns = new Set(header)
  const rows = items.map((item, i) => {
    if (!isObject(item)) throw refuse(`row ${i + 1}`, "an object", show(item))
    const extra = Object.keys(item).find(key => !columns.has(key))
    if (extra !== undefined) throw refuse(`row ${i + 1}`, `the columns ${header.join(", ")}`, show(extra))
    return header.map(key => {
      if (!Object.hasOwn(item, key)) throw refuse(`row ${i + 1}, column ${show(key)}`, "a value", "none")
      return cellText(item[key]!, i + 1, key, refuse)
    })
  })
  return [header, rows]
}

function fromRows(value: Json, refuse: Refuse): [string[], string[][]] {
  if (!isObject(value) || !Array.isArray(value.columns) || !Array.isArray(value.rows)) {
    throw refuse("table", 'an array of objects, or {"columns": [...], "rows": [...]}', show(value))
  }
  const header = value.columns.map((name, i) => {
    if (typeof name !== "string") throw refuse(`column ${i + 1}`, "a name", show(name))
    return name
  })
  const rows = value.rows.map((row, i) => {
    if (!Array.isArray(row)) throw refuse(`row ${i + 1}`, "an array", show(row))
    if (row.length !== header.length) throw refuse(`row ${i + 1}`, `${header.length} cells`, `${row.length}`)
    return row.map((cell, k) => cellText(cell, i + 1, header[k]!, refuse))
  })
  return [header, rows]
}

function cellText(cell: Json, row: number, column: string, refuse: Refuse): string {
  if (typeof cell === "object" && cell !== null) {
    throw refuse(`row ${row}, column ${show(column)}`, "a number, text, true, false or null", show(cell))
  }
  return cell === null ? "" : String(cell)
}

function checkHeader(header: readonly string[], refuse: Refuse): void {
  const names = new Set<string>()
  header.forEach((name, i) => {
    if (name === "") throw refuse(`header, column ${i + 1}`, "a name", "none")
    if (names.has(name)) throw refuse(`header, column ${i + 1}`, "a name of its own", show(name))
    names.add(name)
  })
}

/** Cells row by row. One pass; a quote may only open at the start of a cell. */
function splitRows(text: string, delimiter: string, refuse: Refuse): string[][] {
  const rows: string[][] = []
  let row: string[] = []
  let at = 0
  while (at < text.length) {
    const [cell, next] =
      text[at] === '"' ? quotedCell(text, at, rows.length, row.length, refuse) : plainCell(text, at, delimiter)
    row.push(cell)
    at = next
    if (text[at] === delimiter) {
      at++
      if (at === text.length) row.push("")
      else continue
    } else if (at < text.length && !/^\r?\n/.test(text.slice(at, at + 2))) {
      throw refuse(
        `row ${rows.length + 1}, column ${row.length}`,
        "a delimiter after the closing quote",
        show(text[at]),
      )
    }
    rows.push(row)
    row = []
    at += text[at] === "\r" ? 2 : 1
  }
  return rows
}

function plainCell(text: string, start: number, delimiter: string): [string, number] {
  let at = start
  while (
    at < text.length &&
    text[at] !== delimiter &&
    text[at] !== "\n" &&
    !(text[at] === "\r" && text[at + 1] === "\n")
  )
    at++
  return [text.slice(start, at), at]
}

function quotedCell(text: string, start: number, row: number, column: number, refuse: Refuse): [string, number] {
  let end = text.indexOf('"', start + 1)
  while (end !== -1 && text[end + 1] === '"') end = text.indexOf('"', end + 2)
  if (end === -1) throw refuse(`row ${row + 1}, column ${column + 1}`, "a closing quote", "the end of the file")
  return [text.slice(start + 1, end).replaceAll('""', '"'), end + 1]
}

function toTable(header: string[], rows: string[][], options: TableOptions, refuse: Refuse): Table {
  const { types = {}, missing } = options
  const stranger = Object.keys(types).find(name => !header.includes(name))
  if (stranger !== undefined) {
    throw new OptionError(`types: there is no column ${show(stranger)}`, { facts: { columns: header.join(", ") } })
  }
  const columns = header.map((name, k) => {
    const cells = rows.map(row => row[k]!)
    const given = Object.hasOwn(types, name) ? checkChoice("types", name, types[name], TYPES) : undefined
    const type = given ?? guess(cells, missing)
    return toColumn(name, type, cells, missing, (i, expected) => {
      return refuse(`row ${i + 2}, column ${show(name)}`, expected, show(cells[i]))
    })
  })
  return { rows: rows.length, columns }
}

function guess(cells: readonly string[], missing: number | undefined): ColumnType {
  const fits = (type: ColumnType) => cells.every(cell => (cell === "" && missing !== undefined) || matches(cell, type))
  return TYPES_BY_WIDTH.find(fits) ?? "string"
}

const TYPES_BY_WIDTH = ["integer", "number", "boolean"] as const

function matches(cell: string, type: ColumnType): boolean {
  if (type === "integer") return /^[+-]?\d{1,15}$/.test(cell.trim())
  if (type === "number") return toNumber(cell) !== undefined
  return type === "string" || /^(true|false)$/i.test(cell.trim())
}

function toNumber(cell: string): number | undefined {
  const text = cell.trim()
  return NUMBER.test(text) ? Number(text) : SPECIAL.get(text.toLowerCase())
}

function toColumn(
  name: string,
  type: ColumnType,
  cells: string[],
  missing: number | undefined,
  refuse: (row: number, expected: string) => Error,
): Column {
  if (type === "string") return { name, type, values: cells }
  if (type === "boolean") {
    return {
      name,
      type,
      values: cells.map((cell, i) => {
        if (!matches(cell, type)) throw refuse(i, "true or false")
        return cell.trim().toLowerCase() === "true"
      }),
    }
  }
  const values = Float64Array.from(cells, (cell, i) => {
    if (cell.trim() === "" && missing !== undefined) return missing
    if (!matches(cell, type)) throw refuse(i, type === "integer" ? "a whole number" : "a number")
    return toNumber(cell)!
  })
  return { name, type, values }
}
