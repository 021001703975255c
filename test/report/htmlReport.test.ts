import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { OptionError, ShapeError } from "@selvedge/core"
import { Dense, Sequential } from "@selvedge/layers"
import {
  htmlReport,
  plotHistory,
  plotSchedule,
  predictionSection,
  type Report,
  type ReportSection,
  trainingReport,
} from "@selvedge/report"
import { DOMParser } from "linkedom"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromiumPath } from "./chromium.ts"

const history = { loss: [0.9, 0.5, 0.3], val_loss: [0.8, 0.4, 0.6], accuracy: [0.5, 0.7, 0.9] }
const parse = (html: string) => new DOMParser().parseFromString(html, "text/html")
const section = (heading: string, ...blocks: ReportSection["blocks"]): ReportSection => ({ heading, blocks })

/** Three classes, five examples: the second and the fifth are mistakes. */
const predictions = {
  probabilities: [0.8, 0.1, 0.1, 0.6, 0.3, 0.1, 0.2, 0.1, 0.7, 0.1, 0.5, 0.4, 0.05, 0.9, 0.05],
  labels: [0, 1, 2, 1, 2],
  classNames: ["Coat", "Shirt", "Bag"],
  images: { pixels: Array.from({ length: 20 }, (_, i) => i % 4), shape: [5, 2, 2] },
}
const chapter: Report = {
  title: "Chapter 11",
  lead: ["Every experiment, beside the book and Keras."],
  sections: [
    section(
      "Comparison",
      { list: ["ten seeds", "Welch's test"] },
      {
        table: {
          caption: "Validation accuracy",
          columns: ["Experiment", "Book", "Keras", "Selvedge", "Verdict"],
          rows: [
            [{ text: "leaky_relu", section: "leaky_relu" }, null, 0.8612, 0.86, { text: "agrees", tone: "good" }],
            [{ text: "selu_1000" }, 0.85, 0.8512, Number.NaN, { text: "diverges", tone: "bad" }],
          ],
        },
      },
      { facts: { Seeds: 10, Images: 55_000 } },
      { code: "Layer 0: mean -0.00, std deviation 1.00\n".repeat(3) + "-".repeat(200) },
    ),
    {
      heading: "Runs",
      blocks: ["One by one."],
      sections: [
        {
          heading: "leaky_relu",
          collapsed: true,
          blocks: [{ chart: plotHistory(history), caption: "Learning curves" }],
        },
        { heading: "power", blocks: [{ chart: width => plotSchedule([1, 0.5, 0.3], { width }) }] },
      ],
    },
    predictionSection({ ...predictions, std: predictions.probabilities.map(p => p / 10) }),
  ],
  footer: "Selvedge",
}

describe("htmlReport", () => {
  it("is a page with nothing from elsewhere", () => {
    const html = htmlReport(chapter)
    expect(html).not.toMatch(/(?:src|href)="(?!#|data:)/)
    expect(html).not.toMatch(/<script|@import|url\(|<style[^>]*>[^<]*https?:/)
    expect(html.match(/https?:\/\/[^"]*/g)?.every(url => url === "http://www.w3.org/2000/svg")).toBe(true)
    expect(parse(html).querySelector('meta[http-equiv="Content-Security-Policy"]')?.getAttribute("content")).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    )
  })

  it("has a heading, a table with headings, facts, parts, and links between them", () => {
    const page = parse(htmlReport(chapter))
    const all = (selector: string) => [...page.querySelectorAll(selector)].map(node => node.textContent)
    expect(all("h1")).toEqual(["Chapter 11"])
    expect(all("h2")).toEqual(["Comparison", "Runs", "Predictions"])
    expect(all("h3")).toEqual(["leaky_relu", "power"])
    expect(all("nav a")).toEqual(["Comparison", "Runs", "Predictions"])
    expect(all("table th[scope=col]")).toEqual(["Experiment", "Book", "Keras", "Selvedge", "Verdict"])
    expect(all("table th[scope=row]")).toEqual(["leaky_relu", "selu_1000"])
    expect(all("table td")).toEqual(["–", "0.8612", "0.8600", "agrees", "0.8500", "0.8512", "NaN", "diverges"])
    expect(all("table td.number")).toHaveLength(6)
    expect(all("td.bad")).toEqual(["diverges"])
    expect(all("section:first-child dd")).toEqual(["10", "55,000"])
    expect(all("details > summary h3")).toEqual(["leaky_relu"])
    const targets = [...page.querySelectorAll("a")].map(a => decodeURIComponent(a.getAttribute("href")!.slice(1)))
    expect(targets).toHaveLength(4)
    for (const id of targets) expect(page.getElementById(id), id).not.toBeNull()
  })

  it("draws a chart again for phones where it is given how, and has the charts' style once", () => {
    const html = htmlReport(chapter)
    const page = parse(html)
    const widths = (selector: string) => [...page.querySelectorAll(selector)].map(svg => svg.getAttribute("width"))
    expect(widths(".wide > svg")[0]).toBe("860")
    expect(widths(".narrow > svg")[0]).toBe("340")
    expect(html.split(".selvedge text{").length).toBe(2)
  })

  it("escapes every text", () => {
    const evil = `</p><img src=x onerror="alert(1)">&'`
    const text = evil
    const html = htmlReport({
      title: evil,
      lead: [evil],
      language: 'en" onload="x',
      footer: evil,
      sections: [
        {
          heading: evil,
          blocks: [
            evil,
            { list: [evil] },
            { facts: { [evil]: evil } },
            { code: evil },
            { table: { caption: evil, columns: [evil], rows: [[{ text, section: evil }]] } },
            { chart: plotHistory({ [evil]: [1, 2] }, { title: evil }), caption: evil },
          ],
          sections: [{ heading: `${evil}2`, collapsed: true, blocks: [] }],
        },
      ],
    })
    const page = parse(html)
    expect([...page.querySelectorAll("img")]).toEqual([])
    expect(html).not.toContain("<img")
    expect([...page.querySelectorAll("*")].flatMap(n => [...n.attributes].filter(a => /^on/.test(a.name)))).toEqual([])
    for (const selector of ["h1", "h2", "li", "dt", "dd", "pre", "caption", "th", "figcaption", "footer p"]) {
      expect(page.querySelector(selector)!.textContent, selector).toContain("onerror")
    }
  })

  it("refuses what it cannot draw, with a sentence", () => {
    const report = (...sections: ReportSection[]) => htmlReport({ title: "t", sections })
    expect(() => htmlReport({ title: "t", section: [] } as never)).toThrow(/did you mean "sections"/)
    expect(() => report(section("a"), section("a"))).toThrow(/two sections are called "a"/)
    expect(() => report(section("a", { chart: "<svg><script/></svg>" }))).toThrow(/chart of this package/)
    expect(() => report(section("a", { graph: "" } as never))).toThrow(/a block must be/)
    const table = { caption: "c", columns: ["x", "y"], rows: [[1, 2], [3]] }
    expect(() => report(section("a", { table }))).toThrow(/row 1/)
    const rows = [[{ text: "x", section: "Run" }]]
    const linked = section("a", { table: { caption: "c", columns: ["x"], rows } })
    expect(() => report(linked, section("Runs"))).toThrow(/did you mean "Runs"/)
    expect(() => report(linked)).toThrow(OptionError)
  })
})

describe("predictionSection", () => {
  it("counts, and shows mistakes the surest first, then what it is least sure of", () => {
    const html = htmlReport({ title: "t", sections: [predictionSection(predictions)] })
    const page = parse(html)
    expect(page.querySelectorAll("dd")[1]?.textContent).toBe("3 (60 %)")
    const captions = [...page.querySelectorAll(".wide figure, .wide svg")].map(svg => svg.textContent)
    expect(captions.at(-1)).toMatch(/✗ Shirt 90 %truly Bag✗ Coat 60 %truly Shirt/)
    const std = [0, 0, 0, 0, 0, 0, 0.3, 0.2, 0.1, 0, 0.4, 0, 0, 0, 0]
    const unsure = parse(htmlReport({ title: "t", sections: [predictionSection({ ...predictions, std })] }))
    expect([...unsure.querySelectorAll(".wide svg")].at(-1)!.textContent).toMatch(/Shirt 50 ± 40 %Bag 70 ± 10 %/)
  })

  it("refuses labels that are no class and lengths that do not fit", () => {
    expect(() => predictionSection({ ...predictions, labels: [0, 1, 2, 1, 3] })).toThrow(ShapeError)
    expect(() => predictionSection({ ...predictions, labels: [0, 1] })).toThrow(ShapeError)
    expect(() => predictionSection({ ...predictions, std: [1] })).toThrow(ShapeError)
    expect(() => predictionSection({ ...predictions, label: [] } as never)).toThrow(/did you mean "labels"/)
  })
})

const model = new Sequential([new Dense(3, { inputShape: [2], name: "hidden" }), new Dense(1)])
describe("trainingReport", () => {
  it("shows the result, the best epoch, the curves and whatever else is given", () => {
    const options = {
      facts: { Optimizer: "adam" },
      model,
      learningRates: [0.1, 0.05],
      activations: { hidden: [1, 2, 3] },
      predictions,
      sections: [section("Notes", "It went well.")],
    }
    const page = parse(trainingReport({ history }, options))
    const all = (selector: string) => [...page.querySelectorAll(selector)].map(node => node.textContent)
    expect(all("h2")).toEqual([
      ...["Result", "Learning curves", "Learning rate", "Model", "Activations", "Predictions", "Notes"],
    ])
    expect(all("section:first-child dt")).toEqual([
      ...["Optimizer", "Epochs", "Best epoch", "Last loss", "Last val_loss", "Last accuracy"],
    ])
    expect(all("section:first-child dd")).toEqual(["adam", "3", "2, val_loss 0.4000", "0.3000", "0.6000", "0.9000"])
    expect(all("td.good")).toEqual(["0.4000"])
    expect(all("tbody th")).toEqual(["1", "2", "3"])
  })

  it("takes a bare history, also one that diverged, and refuses unknown options", () => {
    const page = parse(trainingReport({ loss: [Number.NaN, Infinity] }))
    expect([...page.querySelectorAll("dt")].map(node => node.textContent)).toEqual(["Epochs", "Last loss"])
    expect(() => trainingReport(history, { titel: "x" } as object)).toThrow(/did you mean "title"/)
    expect(() => trainingReport({})).toThrow(/no epoch/)
  })
})

describe.skipIf(!chromiumPath)("the page in a browser", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] })
  })
  afterAll(() => browser.close())

  async function open(html: string, width: number, colorScheme: "light" | "dark"): Promise<Page> {
    const page = await browser.newPage({ colorScheme, viewport: { width, height: 800 } })
    // The page's own policy forbids scripts; the test's, axe, comes in all the same.
    await page.setContent(html.replace(/<meta http-equiv[^>]*>/, ""))
    return page
  }

  it.each([
    ["chapter", 1280, "light"],
    ["chapter", 1280, "dark"],
    ["chapter", 360, "light"],
    ["training", 360, "dark"],
  ] as const)("%s, %i pixels, %s: axe finds nothing serious, nothing overflows", async (kind, width, scheme) => {
    const html = kind === "chapter" ? htmlReport(chapter) : trainingReport(history, { model, predictions })
    const page = await open(html, width, scheme)
    await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0)
    const background = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    expect(background).toBe(scheme === "dark" ? "rgb(13, 17, 23)" : "rgb(246, 248, 250)")
    const shown = await page
      .locator(width < 700 ? ".narrow" : ".wide")
      .first()
      .isVisible()
    expect([
      shown,
      await page
        .locator(width < 700 ? ".wide" : ".narrow")
        .first()
        .isVisible(),
    ]).toEqual([true, false])
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"))
    const { violations } = (await page.evaluate("axe.run()")) as { violations: { id: string; impact: string }[] }
    expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([])
    await page.close()
  })

  it("is read with the keyboard alone: links lead to sections, parts open, tables scroll", async () => {
    const page = await open(htmlReport(chapter), 360, "light")
    const focus = () => page.evaluate("document.activeElement.textContent")
    await page.keyboard.press("Tab")
    expect(await focus()).toBe("Comparison")
    await page.keyboard.press("Enter")
    expect(await page.evaluate("location.hash")).toBe("#comparison")
    await page.locator("summary").focus()
    await page.keyboard.press("Enter")
    expect(await page.locator("details").getAttribute("open")).toBe("")
    await page.getByRole("region", { name: "Validation accuracy" }).focus()
    await page.keyboard.press("ArrowRight")
    await expect.poll(() => page.evaluate("document.activeElement.scrollLeft")).toBeGreaterThan(0)
    await page.close()
  })

  it("keeps its own policy: a script in it does not run, its charts and styles do", async () => {
    const page = await browser.newPage()
    const refused: string[] = []
    page.on("console", message => refused.push(message.text()))
    const html = htmlReport(chapter)
    await page.setContent(html)
    await page.waitForTimeout(200)
    expect(refused).toEqual([])
    expect(await page.evaluate("getComputedStyle(document.querySelector('h1')).fontSize")).toBe("25.6px")
    const width = await page.evaluate("document.querySelector('svg image').getBoundingClientRect().width")
    expect(width).toBeGreaterThan(0)
    await page.setContent(html.replace("</main>", "<script>document.title = 'hacked'</script></main>"))
    await page.waitForTimeout(200)
    expect(await page.title()).toBe("Chapter 11")
    await page.close()
  })
})
