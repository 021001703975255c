/// <reference lib="dom" />
import * as charts from "./charts/charts.ts"

/**
 * Turns SVG text of this package into an element of the page.
 * @throws TypeError when the text is not well-formed XML
 */
export function svgElement(svg: string): SVGSVGElement {
  const root = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement
  if (!(root instanceof SVGSVGElement)) throw new TypeError("svgElement: the text is no SVG")
  return document.importNode(root, true)
}

function asElement<A extends readonly unknown[]>(chart: (...args: A) => string): (...args: A) => SVGSVGElement {
  return (...args) => svgElement(chart(...args))
}

/** {@link charts.plotHistory} as an element. */
export const plotHistory = asElement(charts.plotHistory)
/** {@link charts.plotSchedule} as an element. */
export const plotSchedule = asElement(charts.plotSchedule)
/** {@link charts.plotLines} as an element. */
export const plotLines = asElement(charts.plotLines)
/** {@link charts.plotHistogram} as an element. */
export const plotHistogram = asElement(charts.plotHistogram)
/** {@link charts.plotConfusion} as an element. */
export const plotConfusion = asElement(charts.plotConfusion)
/** {@link charts.plotImages} as an element. */
export const plotImages = asElement(charts.plotImages)
/** {@link charts.plotCalibration} as an element. */
export const plotCalibration = asElement(charts.plotCalibration)
/** {@link charts.plotModel} as an element. */
export const plotModel = asElement(charts.plotModel)
