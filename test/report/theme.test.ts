import { fixTheme, plotLines } from "@selvedge/report"
import { describe, expect, it } from "vitest"
import { neutral, palette } from "../../packages/report/src/charts/theme.ts"

describe("theme", () => {
  it.each([...palette, neutral.ink, neutral.muted, neutral.wrong])("$light and $dark can be read as text", pair => {
    expect(contrast(pair.light, neutral.background.light)).toBeGreaterThanOrEqual(4.5)
    expect(contrast(pair.dark, neutral.background.dark)).toBeGreaterThanOrEqual(4.5)
  })

  it.each(["light", "dark"] as const)(
    "neighbouring series stay apart in %s for readers with red-green blindness",
    theme => {
      for (let i = 0; i < 3; i++) {
        for (let j = i + 1; j < 3; j++) {
          const [a, b] = [palette[i][theme], palette[j][theme]].map(colour => deuteranopia(linear(colour)))
          const distance = Math.hypot(...a.map((part, k) => part - b[k]))
          expect(distance, `${palette[i][theme]} ${palette[j][theme]}`).toBeGreaterThan(0.1)
        }
      }
    },
  )

  it("maps every colour that charts use to a dark one", () => {
    const svg = plotLines(
      [
        { name: "a", y: [1, 2] },
        { name: "b", y: [2, 1], dashed: true },
      ],
      { rules: [{ y: 1 }], title: "t" },
    )
    const used = new Set([...svg.matchAll(/(?:fill|stroke)="(#[0-9a-f]+)"/g)].map(match => match[1]))
    expect(used.size).toBeGreaterThan(3)
    for (const colour of used) expect(svg).toContain(`.selvedge [fill="${colour}"]`)
  })

  it("can be fixed", () => {
    const svg = plotLines({ name: "a", y: [1, 2] })
    expect(fixTheme(svg, "light")).not.toMatch(/@media|e6edf3/)
    expect(fixTheme(svg, "dark")).not.toContain("@media")
    expect(fixTheme(svg, "dark")).toContain(".selvedge{color:#e6edf3}")
    expect(fixTheme("<svg/>", "dark")).toBe("<svg/>")
  })
})

function linear(colour: string): number[] {
  const parts = [1, 3, 5].map(at => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
  return parts.map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
}

/** WCAG 2 contrast ratio. */
function contrast(a: string, b: string): number {
  const luminance = (colour: string) =>
    linear(colour).reduce((sum, part, i) => sum + part * [0.2126, 0.7152, 0.0722][i], 0)
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (high + 0.05) / (low + 0.05)
}

/** Machado, Oliveira and Fernandes (2009), severity 1. */
function deuteranopia([r, g, b]: number[]): number[] {
  return [0.367 * r + 0.861 * g - 0.228 * b, 0.28 * r + 0.673 * g + 0.047 * b, -0.012 * r + 0.043 * g + 0.969 * b]
}
