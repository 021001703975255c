import { checkKeys, describe, nearest, OptionError } from "@selvedge/core"
import { formatValue } from "../charts/scale.ts"
import { escapeXml } from "../charts/text.ts"
import { styleSheet } from "../charts/theme.ts"
import { pageStyle } from "./style.ts"

/** A cell: a text, a number, null for none; with a tone that the text itself must bear out, or a section to go to. */
export type ReportCell =
  | string
  | number
  | null
  | {
      readonly text: string | number
      readonly tone?: "good" | "bad" | "muted"
      /** Heading of the section that it links to. */
      readonly section?: string
    }

/** A table. The first cell of a row is its heading; columns of numbers are aligned to the right. */
export interface ReportTable {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly ReportCell[])[]
}

/** A piece of a section; a text is a paragraph. */
export type ReportBlock =
  | string
  | { readonly list: readonly string[] }
  /** Names and what they are. */
  | { readonly facts: Readonly<Record<string, string | number>> }
  | { readonly table: ReportTable }
  /** Text of a fixed width: what a program printed. */
  | { readonly code: string }
  /**
   * SVG text of this package's charts; or a function that draws it in a width of pixels, and phones get a drawing of their
   * own, where they would have to scroll otherwise.
   */
  | { readonly chart: string | ((width: number) => string); readonly caption?: string }

/** A part of a report. */
export interface ReportSection {
  /** Unique in the report. */
  readonly heading: string
  readonly blocks: readonly ReportBlock[]
  /** Parts of it; they have none of their own. */
  readonly sections?: readonly Omit<ReportSection, "sections">[]
  /** Closed until the reader opens it; of parts only. */
  readonly collapsed?: boolean
}

/** A report. */
export interface Report {
  readonly title: string
  /** Paragraphs under the title. */
  readonly lead?: readonly string[]
  readonly sections: readonly ReportSection[]
  /** The last line: versions, seeds, what the numbers were measured on. */
  readonly footer?: string
  /** Language of its texts. Default `"en"`. */
  readonly language?: string
}

const owner = "htmlReport"
const sectionKeys = ["heading", "blocks", "sections", "collapsed"]
const [wide, narrow] = [860, 340]

/**
 * A report as one HTML page with everything in it: no script, nothing from elsewhere (its own Content-Security-Policy
 * forbids both), light and dark as the reader prefers, readable on a phone, by keyboard and by screen readers. All texts
 * are escaped; charts are trusted to be this package's.
 *
 * @returns HTML text
 * @throws OptionError for an unknown key, a block that is none, a chart that is no SVG, headings that are not unique, a
 *   link to a section that does not exist
 */
export function htmlReport(report: Report): string {
  checkKeys(owner, report, ["title", "lead", "sections", "footer", "language"])
  const { title, lead = [], sections, footer, language = "en" } = report
  const ids = idsOf(sections)
  const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
  return `<!doctype html>
<html lang="${escapeXml(language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>${escapeXml(title)}</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body>
<header><h1>${escapeXml(title)}</h1>${lead.map(text => `<p>${escapeXml(text)}</p>`).join("")}
<nav aria-label="Contents"><ul>${sections.map(({ heading }) => `<li>${link(heading, heading, ids)}</li>`).join("")}</ul></nav></header>
<main>
${sections.map(section => drawSection(section, ids)).join("\n")}
</main>
${footer ? `<footer><p>${escapeXml(footer)}</p></footer>\n` : ""}</body>
</html>
`
}

type Ids = ReadonlyMap<string, string>

/** An id for each heading: its letters and digits. */
function idsOf(sections: readonly ReportSection[]): Ids {
  const ids = new Map<string, string>()
  for (const section of sections.flatMap(section => [section, ...(section.sections ?? [])])) {
    checkKeys(`${owner}: section`, section, sectionKeys)
    const { heading } = section
    const base = heading.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-") || "section"
    if (ids.has(heading)) throw new OptionError(`${owner}: two sections are called ${describe(heading)}`)
    ids.set(heading, [...ids.values()].includes(base) ? `${base}-${ids.size}` : base)
  }
  return ids
}

function link(text: string, heading: string, ids: Ids): string {
  const id = ids.get(heading)
  if (id !== undefined) return `<a href="#${escapeXml(encodeURIComponent(id))}">${escapeXml(text)}</a>`
  const near = nearest(heading, [...ids.keys()])
  const hint = near ? `, did you mean "${near}"?` : ""
  throw new OptionError(`${owner}: a link goes to ${describe(heading)}, which is no section${hint}`)
}

function drawSection({ heading, blocks, sections = [] }: ReportSection, ids: Ids): string {
  const id = escapeXml(ids.get(heading)!)
  const parts = sections.map(part => {
    const head = `<h3 id="${escapeXml(ids.get(part.heading)!)}">${escapeXml(part.heading)}</h3>`
    const body = part.blocks.map(block => drawBlock(block, ids)).join("\n")
    return part.collapsed ? `<details><summary>${head}</summary>${body}</details>` : head + body
  })
  const body = [...blocks.map(block => drawBlock(block, ids)), ...parts].join("\n")
  return `<section aria-labelledby="${id}"><h2 id="${id}">${escapeXml(heading)}</h2>\n${body}</section>`
}

function drawBlock(block: ReportBlock, ids: Ids): string {
  if (typeof block === "string") return `<p>${escapeXml(block)}</p>`
  if ("list" in block) return `<ul>${block.list.map(text => `<li>${escapeXml(text)}</li>`).join("")}</ul>`
  if ("facts" in block) {
    const rows = Object.entries(block.facts).map(
      ([name, value]) => `<dt>${escapeXml(name)}</dt><dd>${textOf(value)}</dd>`,
    )
    return `<dl>${rows.join("")}</dl>`
  }
  if ("table" in block) return drawTable(block.table, ids)
  if ("code" in block) return `<pre tabindex="0">${escapeXml(block.code)}</pre>`
  if ("chart" in block) return drawChart(block.chart, block.caption)
  throw new OptionError(`${owner}: a block must be a text, or one of list, facts, table, code and chart`, {
    facts: { got: describe(block) },
  })
}

const textOf = (value: string | number) => escapeXml(typeof value === "number" ? formatValue(value) : value)

function drawChart(chart: string | ((width: number) => string), caption = ""): string {
  const words = caption ? `<figcaption>${escapeXml(caption)}</figcaption>` : ""
  if (typeof chart === "function") {
    const both = `<div class="wide">${bare(chart(wide))}</div><div class="narrow">${bare(chart(narrow))}</div>`
    return `<figure>${words}${both}</figure>`
  }
  return `<figure>${words}${scrolling(caption || "Chart", bare(chart))}</figure>`
}

/** On narrow screens it scrolls by itself, which a keyboard can only do to what it can get to. */
function scrolling(name: string, content: string): string {
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeXml(name)}">${content}</div>`
}

/** An SVG without its style sheet, which the page has once for all. */
function bare(svg: string): string {
  if (typeof svg === "string" && /^<svg [^>]*class="selvedge"[\s\S]*<\/svg>\s*$/.test(svg)) {
    return svg.replace(`<style>${styleSheet()}</style>`, "").trim()
  }
  throw new OptionError(`${owner}: a chart must be SVG text that a chart of this package gave, got ${describe(svg)}`)
}

function drawTable({ caption, columns, rows }: ReportTable, ids: Ids): string {
  const ragged = rows.findIndex(row => row.length !== columns.length)
  if (ragged >= 0) {
    throw new OptionError(
      `${owner}: row ${ragged} of the table ${describe(caption)} has another length than its columns`,
      {
        facts: { columns: columns.length, row: rows[ragged]!.length },
      },
    )
  }
  const numeric = columns.map((_, j) => rows.every(row => typeof contentOf(row[j]!) !== "string"))
  const side = (j: number) => (numeric[j] && j > 0 ? ["number"] : [])
  const head = columns.map((name, j) => `<th scope="col"${classes(side(j))}>${escapeXml(name)}</th>`)
  const body = rows.map(row => `<tr>${row.map((cell, j) => drawCell(cell, j, side(j), ids)).join("")}</tr>`)
  const table = `<table><caption><span>${escapeXml(caption)}</span></caption><thead><tr>${head.join("")}</tr></thead><tbody>${body.join("\n")}</tbody></table>`
  return scrolling(caption, table)
}

const contentOf = (cell: ReportCell) => (cell !== null && typeof cell === "object" ? cell.text : cell)
const classes = (names: readonly string[]) => (names.length > 0 ? ` class="${names.join(" ")}"` : "")

function drawCell(cell: ReportCell, column: number, side: readonly string[], ids: Ids): string {
  const content = contentOf(cell)
  const { tone = "", section = "" } = cell !== null && typeof cell === "object" ? cell : {}
  const text = content === null ? "–" : typeof content === "number" ? formatValue(content) : content
  const inside = section ? link(text, section, ids) : escapeXml(text)
  const names = classes([...side, tone].filter(Boolean))
  return column === 0 ? `<th scope="row"${names}>${inside}</th>` : `<td${names}>${inside}</td>`
}
