import { type PlotOptions, plot } from "@observablehq/plot"
import { checkKeys, checkNumber, describe, OptionError } from "@selvedge/core"
import { chartDocument } from "#document"
import { escapeXml, round, textElement, wrap } from "./text.ts"
import { fontFamily, fontSizes, neutral, styleSheet } from "./theme.ts"

/** Options of every chart. */
export interface ChartOptions {
  /** Printed above the chart, and its name for screen readers. Without it nothing is printed. */
  readonly title?: string
  /** What a screen reader says after the name. By default a summary of the data. */
  readonly description?: string
  /** Width in pixels, 240 to 4000. */
  readonly width?: number
}

const chartKeys = ["title", "description", "width"]

/**
 * Checks the options common to all charts, and that there are no others but `extra`.
 * @throws OptionError
 */
export function checkChart(owner: string, options: ChartOptions, extra: readonly string[]): void {
  checkKeys(owner, options, [...chartKeys, ...extra])
  for (const name of ["title", "description"] as const) checkText(owner, name, options[name])
  if (options.width !== undefined) checkNumber(owner, "width", options.width, { min: 240, max: 4000 })
}

/** @throws OptionError for anything but a string or undefined. */
export function checkText(owner: string, name: string, value: unknown): void {
  if (value === undefined || typeof value === "string") return
  throw new OptionError(`${owner}: ${name} must be a string, got ${describe(value)}`)
}

/** @throws OptionError for anything but undefined or `[low, high]` with low < high, finite. */
export function checkInterval(owner: string, name: string, value: unknown): void {
  if (value === undefined) return
  if (Array.isArray(value) && value.length === 2 && value.every(Number.isFinite) && value[0] < value[1]) return
  throw new OptionError(`${owner}: ${name} must be [low, high] with low < high, got ${describe(value)}`)
}

/** A piece of SVG in its own coordinates, starting at (0, 0). */
export interface Drawing {
  readonly content: string
  readonly width: number
  readonly height: number
}

/** What {@link frame} wraps around a drawing. */
export interface FrameOptions {
  readonly title: string | undefined
  /** Name for screen readers when there is no title. */
  readonly name: string
  readonly description: string
}

const margin = 14

/** Width left for a drawing in a chart of the given outer width. */
export function innerWidth(width: number): number {
  return width - 2 * margin
}

/** A complete, self-contained SVG: name, description, style, background, printed title and the drawing under it. */
export function frame(drawing: Drawing, options: FrameOptions): string {
  const lines = options.title ? wrap(options.title, drawing.width, fontSizes.title * 1.2) : []
  const lineHeight = fontSizes.title + 5
  const top = margin + lines.length * lineHeight + (lines.length ? 6 : 0)
  const width = round(drawing.width + 2 * margin)
  const height = round(top + drawing.height + margin)
  const title = lines.map((line, i) =>
    textElement(line, margin, margin + (i + 1) * lineHeight - 7, { size: fontSizes.title, bold: true }),
  )
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="selvedge" role="img" viewBox="0 0 ${width} ${height}"`,
    ` width="${width}" height="${height}" font-family="${fontFamily}" font-size="${fontSizes.tick}">`,
    `<title>${escapeXml(options.title ?? options.name)}</title><desc>${escapeXml(options.description)}</desc>`,
    `<style>${styleSheet()}</style>`,
    `<rect width="100%" height="100%" fill="${neutral.background.light}"/>`,
    `${title.join("")}<g transform="translate(${margin},${round(top)})">${drawing.content}</g></svg>\n`,
  ].join("")
}

/** Drawings in rows of `columns`, `gap` pixels apart. */
export function grid(drawings: readonly Drawing[], columns: number, gap: number): Drawing {
  let content = ""
  let top = 0
  let width = 0
  for (let start = 0; start < drawings.length; start += columns) {
    const row = drawings.slice(start, start + columns)
    let left = 0
    for (const drawing of row) {
      content += `<g transform="translate(${round(left)},${round(top)})">${drawing.content}</g>`
      left += drawing.width + gap
    }
    width = Math.max(width, left - gap)
    top += Math.max(...row.map(drawing => drawing.height)) + gap
  }
  return { content, width, height: Math.max(0, top - gap) }
}

/** What Observable Plot draws for these options, without its outer `<svg>` and style sheet, and its scales. */
export function drawPlot(options: PlotOptions): {
  content: string
  x(value: number): number
  y(value: number): number
} {
  const chart = plot({ ...options, axis: null, document: chartDocument(), className: "selvedge-plot" })
  for (const style of chart.querySelectorAll("style")) style.remove()
  const x = chart.scale("x")
  const y = chart.scale("y")
  return {
    content: `<g fill="currentColor" text-anchor="middle">${tidy(chart.innerHTML)}</g>`,
    x: value => x?.apply(value) as number,
    y: value => y?.apply(value) as number,
  }
}

/** Attributes shortened to hundredths of a pixel, and without ARIA: the whole chart is one image to a screen reader. */
function tidy(markup: string): string {
  return markup
    .replace(/ aria-(label|hidden)="[^"]*"/g, "")
    .replace(/="[^"]*"/g, attribute => attribute.replace(/-?\d+\.\d{3,}/g, number => String(round(Number(number)))))
}
