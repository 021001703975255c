import { fontSizes } from "./theme.ts"

/** Advance widths of the characters 32 to 126 in DejaVu Sans, hundredths of the font size: wider than most system fonts. */
const advances = [
  32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84,
  84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63, 61, 73, 68, 99, 69, 61,
  69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59,
  82, 59, 59, 52, 64, 34, 64, 84,
]

/** A text's width in pixels, estimated from above. Bold text counts a fifth more. */
export function textWidth(text: string, size: number, bold = false): number {
  let sum = 0
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0
    sum += advances[code - 32] ?? (code < 0x2000 ? 70 : code < 0x2e80 ? 90 : 105)
  }
  return (sum / 100) * size * (bold ? 1.2 : 1)
}

/** The text itself, or its beginning and an ellipsis, no wider than `width` pixels. */
export function truncate(text: string, width: number, size: number): string {
  if (textWidth(text, size) <= width) return text
  const characters = [...text]
  while (characters.length && textWidth(`${characters.join("")}…`, size) > width) characters.pop()
  return `${characters.join("").trimEnd()}…`
}

/** Breaks a text at spaces into lines no wider than `width` pixels; a longer word is truncated. */
export function wrap(text: string, width: number, size: number): string[] {
  const lines: string[] = []
  for (const word of text.split(" ")) {
    const last = lines.at(-1)
    if (last !== undefined && textWidth(`${last} ${word}`, size) <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(truncate(word, width, size))
  }
  return lines
}

/** A text as XML: `&`, `<`, `>`, quotes escaped, characters that XML 1.0 forbids replaced. */
export function escapeXml(text: string): string {
  return [...text]
    .map(character => {
      const code = character.codePointAt(0) ?? 0
      const forbidden = (code < 32 && code !== 9 && code !== 10 && code !== 13) || (code >= 0xd800 && code < 0xe000)
      return forbidden || code === 0xfffe || code === 0xffff ? "\ufffd" : character
    })
    .join("")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
}

/** How {@link textElement} sets a text. */
export interface TextStyle {
  readonly size?: number
  readonly anchor?: "start" | "middle" | "end"
  readonly fill?: string
  readonly bold?: boolean
  /** Degrees, clockwise, around the anchor point. */
  readonly rotate?: number
  /** Colour of an outline behind the letters, so that lines do not run through them. */
  readonly halo?: string
}

/** An SVG text element whose baseline starts (ends, is centred) at `(x, y)`. */
export function textElement(text: string, x: number, y: number, style: TextStyle = {}): string {
  const { size = fontSizes.tick, anchor = "start", fill = "currentColor", bold = false, rotate = 0, halo } = style
  const attributes = [
    `x="${round(x)}"`,
    `y="${round(y)}"`,
    `font-size="${size}"`,
    `text-anchor="${anchor}"`,
    `fill="${fill}"`,
    bold && 'font-weight="600"',
    rotate && `transform="rotate(${rotate} ${round(x)} ${round(y)})"`,
    halo && `stroke="${halo}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"`,
  ]
  return `<text ${attributes.filter(Boolean).join(" ")}>${escapeXml(text)}</text>`
}

/** A coordinate with at most two decimals. */
export function round(value: number): number {
  return Math.round(value * 100) / 100
}
