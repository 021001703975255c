import { checkKeys, describe, OptionError } from "@selvedge/core"
import type { Geometry } from "./panel.ts"
import { type Box, placeBoxes } from "./place.ts"
import { round, textElement, textWidth } from "./text.ts"
import { fontSizes, neutral } from "./theme.ts"

/** A text in a plot, in data coordinates, with an arrow where `to` is given. */
export interface Annotation {
  readonly text: string
  /** Centre of the text; it gives way to earlier texts. */
  readonly at: readonly [number, number]
  /** Tip of the arrow. */
  readonly to?: readonly [number, number]
}

/** @throws OptionError for anything but a list of {@link Annotation}s with finite coordinates. */
export function checkAnnotations(owner: string, annotations: readonly Annotation[]): void {
  const point = (value: unknown) =>
    Array.isArray(value) && value.length === 2 && value.every(part => Number.isFinite(part) && typeof part === "number")
  if (!Array.isArray(annotations)) {
    throw new OptionError(`${owner}: annotations must be a list, got ${describe(annotations)}`)
  }
  annotations.forEach((annotation: Annotation, i) => {
    checkKeys(`${owner}: annotations[${i}]`, annotation, ["text", "at", "to"])
    const { text, at, to } = annotation
    if (typeof text === "string" && point(at) && (to === undefined || point(to))) return
    throw new OptionError(`${owner}: annotations[${i}] must be { text, at: [x, y], to?: [x, y] }`, {
      facts: { text: describe(text), at: describe(at), to: describe(to) },
    })
  })
}

const size = fontSizes.label + 1

/** Draws annotations: texts moved off each other and off the `obstacles` (pixels), arrows from the texts to their tips. */
export function drawAnnotations(
  annotations: readonly Annotation[],
  geometry: Geometry,
  obstacles: readonly Box[] = [],
): string {
  const { left, right, top, bottom } = geometry
  const area = { x: (left + right) / 2, y: (top + bottom) / 2, width: right - left, height: bottom - top }
  const wanted = annotations.map(({ text, at }) => ({
    x: geometry.x(at[0]),
    y: geometry.y(at[1]),
    width: textWidth(text, size) + 8,
    height: size + 6,
  }))
  return placeBoxes(wanted, area, obstacles)
    .map((box, i) => {
      const { text, to } = annotations[i]!
      const label = textElement(text, box.x, box.y + size * 0.35, {
        size,
        anchor: "middle",
        halo: neutral.background.light,
      })
      return (to ? arrow(box, geometry.x(to[0]), geometry.y(to[1])) : "") + label
    })
    .join("")
}

/** An arrow from the edge of `box` to just before `(x, y)`; nothing when the tip lies in the box. */
function arrow(box: Box, x: number, y: number): string {
  const dx = x - box.x
  const dy = y - box.y
  const length = Math.sqrt(dx * dx + dy * dy)
  const out = Math.min(box.width / 2 / Math.abs(dx), (box.height / 2 + 1) / Math.abs(dy))
  if (!(out < 1) || length < 1) return ""
  const [ux, uy] = [dx / length, dy / length]
  const [tipX, tipY] = [x - ux * 3, y - uy * 3]
  const [neckX, neckY] = [tipX - ux * 8, tipY - uy * 8]
  const shaft = `M${round(box.x + dx * out)},${round(box.y + dy * out)}L${round(neckX)},${round(neckY)}`
  const corners = [tipX, tipY, neckX - uy * 3.5, neckY + ux * 3.5, neckX + uy * 3.5, neckY - ux * 3.5].map(round)
  const head = `M${corners[0]},${corners[1]}L${corners[2]},${corners[3]}L${corners[4]},${corners[5]}Z`
  return `<path d="${shaft}" fill="none" stroke="currentColor" stroke-width="1.3"/><path d="${head}" fill="currentColor"/>`
}
