import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { plotConfusion, plotHistory } from "@selvedge/report"
import { build } from "esbuild"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromiumPath, findClashes } from "./chromium.ts"
import { texts } from "./svgTexts.ts"

const entry = `
import * as charts from "@selvedge/report/browser"
const curve = (from, to) => Array.from({ length: 30 }, (_, i) => to + (from - to) / (i + 1))
const history = { loss: curve(0.7, 0.3), val_loss: curve(0.6, 0.31), accuracy: curve(0.7, 0.9), val_accuracy: curve(0.72, 0.9) }
const z = { xDomain: [-5, 5], yDomain: [-2, 3], annotations: [{ text: "Leak", at: [-3, 1], to: [-3, 0] }, { text: "Kink", at: [-3, 1] }] }
const ids = ["in", "dense_with_a_long_name", "out"]
const confidence = curve(0.5, 0.99)
document.body.append(
  charts.plotHistory(history, { title: "Curves" }),
  charts.plotLines([{ name: "relu", fn: x => Math.max(0, x) }, { name: "leaky_relu", fn: x => Math.max(x / 20, x) }], z),
  charts.plotSchedule([1e-5, 1e-3, 10], { yScale: "log" }),
  charts.plotHistogram({ a: curve(0, 1), b: curve(-5, 5) }),
  charts.plotConfusion([[90, 10], [5, 95]], ["a rather long name", "cat"]),
  charts.plotImages([0, 1, 1, 0], [1, 2, 2], { captions: ["Sneaker 98%"] }),
  charts.plotCalibration({ confidence, correct: confidence.map((_, i) => i % 2) }),
  charts.plotModel({ nodes: ids.map(id => ({ id, className: "Dense", params: 1 })), edges: [["in", ids[1]], [ids[1], "out"]] }),
)
`

describe.skipIf(!chromiumPath)("charts in a browser", () => {
  let browser: Browser
  let page: Page
  let bundle: string
  beforeAll(async () => {
    const resolveDir = fileURLToPath(new URL(".", import.meta.url))
    const result = await build({
      stdin: { contents: entry, resolveDir },
      bundle: true,
      write: false,
      format: "iife",
      conditions: ["@selvedge/source", "browser"],
      metafile: true,
      logLevel: "silent",
    })
    expect(Object.keys(result.metafile.inputs).filter(path => path.includes("linkedom"))).toEqual([])
    bundle = result.outputFiles[0].text
    browser = await chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] })
    page = await browser.newPage({ colorScheme: "dark" })
    await page.setContent('<!doctype html><html lang="en"><title>Charts</title><main></main>')
    await page.addScriptTag({ content: bundle })
  })
  afterAll(() => browser?.close())

  it("are SVG elements of the page", async () => {
    expect(await page.evaluate("[...document.body.children].filter(e => e instanceof SVGSVGElement).length")).toBe(8)
  })

  it("have no texts that overlap or are cut off, measured by the browser", async () => {
    expect(await page.evaluate(findClashes)).toEqual([])
  })

  it("follow the reader's theme", async () => {
    const background = () => page.evaluate("getComputedStyle(document.querySelector('svg.selvedge rect')).fill")
    expect(await background()).toBe("rgb(20, 24, 29)")
    await page.emulateMedia({ colorScheme: "light" })
    expect(await background()).toBe("rgb(255, 255, 255)")
  })

  it("satisfy axe", async () => {
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"))
    const serious = "axe.run().then(r => r.violations.filter(v => /serious|critical/.test(v.impact)).map(v => v.id))"
    expect(await page.evaluate(serious)).toEqual([])
  })

  it("hold the same texts as in Node", async () => {
    const shown = await page.evaluate(
      "[...document.querySelectorAll('svg.selvedge')[4].querySelectorAll('text')].map(t => t.textContent)",
    )
    expect(shown).toEqual(
      texts(
        plotConfusion(
          [
            [90, 10],
            [5, 95],
          ],
          ["a rather long name", "cat"],
        ),
      ),
    )
  })

  it("can be a file of their own, well-formed", async () => {
    const svg = plotHistory({ loss: [1, Number.NaN, 0.5] }, { title: "<&>\u0001" })
    const parsed = await page.evaluate(
      `new DOMParser().parseFromString(${JSON.stringify(svg)}, "image/svg+xml").documentElement.tagName`,
    )
    expect(parsed).toBe("svg")
  })
})
