/** Font of every chart: whatever the reader's system uses; the PNG renderer maps it to its bundled sans. */
export const fontFamily = "system-ui, sans-serif"

/** Font sizes in pixels of the SVG's own coordinates. */
export const fontSizes = { title: 15, heading: 13, label: 12, tick: 11 } as const

/** A colour for light backgrounds with its counterpart for dark ones, both `#rrggbb` in lower case. */
export interface ColourPair {
  readonly light: string
  readonly dark: string
}

/**
 * Colours that are no series: text, secondary text, grid lines, the background, the scale of a confusion matrix.
 * Marks carry the light value as a plain attribute; the chart's style sheet maps it to the dark one.
 */
export const neutral = {
  ink: { light: "#1f2328", dark: "#e6edf3" },
  muted: { light: "#57606a", dark: "#9da7b1" },
  grid: { light: "#d8dee4", dark: "#2f363d" },
  background: { light: "#ffffff", dark: "#14181d" },
  heat: { light: "#08519c", dark: "#6cb6ff" },
  wrong: { light: "#b3261e", dark: "#ff8a80" },
} as const satisfies Record<string, ColourPair>

/**
 * Series colours, after Okabe and Ito's palette for colour-blind readers, darkened (lightened) until each has a contrast
 * of at least 4.5 : 1 with the light (dark) background, so that a label may be written in its line's colour.
 */
export const palette: readonly ColourPair[] = [
  { light: "#0072b2", dark: "#56b4e9" },
  { light: "#c24e00", dark: "#ff9c57" },
  { light: "#00795a", dark: "#2fd3a3" },
  { light: "#a8447f", dark: "#f09ac8" },
  { light: "#806400", dark: "#e6c84f" },
  { light: "#5b6570", dark: "#a7b1bb" },
]

const dashes = ["", "6 3", "2 3", "8 3 2 3"]

/** Colour and dash of the series at `index`: colours first, then the same colours dashed. Solid is `""`. */
export function seriesStyle(index: number): { colour: string; dash: string } {
  const colour = palette[index % palette.length]!.light
  return { colour, dash: dashes[Math.floor(index / palette.length) % dashes.length]! }
}

const darkQuery = "@media (prefers-color-scheme:dark)"

/** The style sheet inside every chart. Its rules are the same in all of them, so charts inlined in one page agree. */
export function styleSheet(): string {
  const dark = [...palette, ...Object.values(neutral)].map(
    pair =>
      `.selvedge [fill="${pair.light}"]{fill:${pair.dark}}.selvedge [stroke="${pair.light}"]{stroke:${pair.dark}}`,
  )
  return [
    `.selvedge{color:${neutral.ink.light};max-width:100%;height:auto}`,
    ".selvedge text{font-variant-numeric:tabular-nums}",
    `${darkQuery}{.selvedge{color:${neutral.ink.dark}}${dark.join("")}}`,
  ].join("")
}

/**
 * Fixes the theme of an SVG made by this package: `"dark"` makes the rules of its dark media query unconditional,
 * `"light"` removes them. For renderers and pages that do not follow the reader's preference.
 */
export function fixTheme(svg: string, theme: "light" | "dark"): string {
  const start = svg.indexOf(darkQuery)
  const end = svg.indexOf("</style>", start)
  if (start < 0 || end < 0) return svg
  const rules = svg.slice(start + darkQuery.length + 1, end - 1)
  return svg.slice(0, start) + (theme === "dark" ? rules : "") + svg.slice(end)
}
