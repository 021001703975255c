import { readFileSync } from "node:fs"
import { request } from "node:http"
import { createRequire } from "node:module"
import { OptionError } from "@selvedge/core"
import { type Dashboard, type DashboardCommand, liveDashboard } from "@selvedge/report"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { EventLog } from "../../packages/report/src/dashboard/EventLog.ts"
import { chromiumPath } from "./chromium.ts"

let dashboard: Dashboard
beforeEach(async () => {
  dashboard = await liveDashboard()
})
afterEach(() => dashboard.close())

const batch = (step: number, loss: number, learningRate = 0.01) =>
  ({ type: "batch", step, metrics: { loss }, learningRate, msPerStep: 0.7 }) as const
const address = (path: string) => {
  const url = new URL(dashboard.url)
  url.pathname = path
  return url
}
const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(address("/command"), { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } })

/** Status of a request with headers that `fetch` would not send. */
function status(url: URL | string, headers: Record<string, string> = {}, method = "GET"): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers, method }, response => {
      resolve(response.statusCode ?? 0)
      response.destroy()
    })
    sent.on("error", reject).end()
  })
}

/** Reads events until there are `count`. */
async function readEvents(
  count: number,
  headers: Record<string, string> = {},
): Promise<{ id: number; run: string; event: { type: string } }[]> {
  const response = await fetch(address("/events"), { headers })
  const found = []
  let text = ""
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  while (found.length < count) {
    const { value, done } = await reader.read()
    if (done) break
    text += value
    const messages = text.split("\n\n")
    text = messages.pop()!
    for (const message of messages) found.push(...JSON.parse(/^data: (.*)$/m.exec(message)![1]))
  }
  await reader.cancel()
  return found
}

describe("liveDashboard", () => {
  it("serves its page on 127.0.0.1, self-contained", async () => {
    expect(dashboard.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{32}$/)
    const response = await fetch(dashboard.url)
    const page = await response.text()
    expect(response.status).toBe(200)
    expect(response.headers.get("content-security-policy")).toContain("default-src 'none'")
    expect(page).toContain("uPlot")
    expect(page).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  })

  it("refuses missing and wrong tokens, other origins, other host names", async () => {
    for (const path of ["/", "/events", "/command"]) {
      const method = path === "/command" ? "POST" : "GET"
      const url = address(path)
      expect(await status(new URL(path, url.origin), {}, method), path).toBe(403)
      expect(await status(`${url.origin}${path}?token=wrong`, {}, method), path).toBe(403)
      expect(await status(url, { Origin: "https://example.com" }, method), path).toBe(403)
      expect(await status(url, { Origin: "null" }, method), path).toBe(403)
      expect(await status(url, { Host: "example.com" }, method), path).toBe(403)
      expect(await status(url, { "Sec-Fetch-Site": "cross-site" }, method), path).toBe(403)
    }
    expect(await status(address("/"), { Origin: address("/").origin })).toBe(200)
    expect(await status(address("/nothing"))).toBe(404)
  })

  it("has another token each time", async () => {
    const other = await liveDashboard()
    expect(new URL(other.url).searchParams.get("token")).not.toBe(new URL(dashboard.url).searchParams.get("token"))
    await other.close()
  })

  it("tells a page that comes late everything, and what follows", async () => {
    dashboard.publish("a", batch(1, 0.9))
    dashboard.publish("a", { type: "epoch", epoch: 1, metrics: { loss: 0.8, val_loss: Number.NaN } })
    const events = readEvents(3)
    await new Promise(resolve => setTimeout(resolve, 150))
    dashboard.publish("b", { type: "status", state: "finished" })
    expect(await events).toEqual([
      { id: 1, run: "a", event: batch(1, 0.9) },
      { id: 2, run: "a", event: { type: "epoch", epoch: 1, metrics: { loss: 0.8, val_loss: "NaN" } } },
      { id: 3, run: "b", event: { type: "status", state: "finished" } },
    ])
  })

  it("tells a page that reconnects only what it missed", async () => {
    for (let step = 1; step <= 5; step++) dashboard.publish("a", batch(step, 1 / step))
    expect((await readEvents(2, { "Last-Event-ID": "3" })).map(({ id }) => id)).toEqual([4, 5])
    expect((await readEvents(5, { "Last-Event-ID": "900" })).length).toBe(5)
  })

  it("passes commands on, and refuses what is none", async () => {
    const commands: DashboardCommand[] = []
    const stop = dashboard.onCommand(command => commands.push(command))
    expect((await post(JSON.stringify({ run: "a", command: "pause" }))).status).toBe(204)
    expect((await post(JSON.stringify({ run: "a", command: "setLearningRate", value: 0.001 }))).status).toBe(204)
    for (const body of [
      "",
      "[",
      "null",
      '{"run":"a","command":"quit"}',
      '{"command":"stop"}',
      '{"run":"a","command":"setLearningRate","value":-1}',
    ]) {
      expect((await post(body)).status, body).toBe(400)
    }
    expect((await post(" ".repeat(5000))).status).toBe(413)
    stop()
    await post(JSON.stringify({ run: "a", command: "stop" }))
    expect(commands).toEqual([
      { run: "a", command: "pause" },
      { run: "a", command: "setLearningRate", value: 0.001 },
    ])
  })

  it("refuses bad options and events", async () => {
    await expect(liveDashboard({ port: 70_000 })).rejects.toThrow(OptionError)
    await expect(liveDashboard({ prot: 1 } as object)).rejects.toThrow(/did you mean "port"/)
    expect(() => dashboard.publish("", batch(1, 1))).toThrow(OptionError)
    expect(() => dashboard.publish("a", { type: "bach" } as never)).toThrow(/known types/)
  })

  it("frees the port", async () => {
    const { port } = new URL(dashboard.url)
    await dashboard.close()
    const again = await liveDashboard({ port: Number(port) })
    await expect(liveDashboard({ port: Number(port) })).rejects.toThrow(/EADDRINUSE/)
    await again.close()
  })
})

describe("EventLog", () => {
  it("stays bounded, keeps the first and the last batch and all epochs", () => {
    const log = new EventLog()
    for (let step = 1; step <= 100_000; step++) log.add("a", batch(step, 1))
    for (let epoch = 1; epoch <= 50; epoch++) log.add("a", { type: "epoch", epoch, metrics: {} })
    for (let i = 0; i < 50; i++) log.add("a", { type: "status", state: "running", message: `${i}` })
    const events = log.since(0).map(({ event }) => event)
    const steps = events.flatMap(event => (event.type === "batch" ? [event.step] : []))
    expect(steps.length).toBeLessThanOrEqual(4001)
    expect(steps.length).toBeGreaterThan(1900)
    expect([steps[0], steps.at(-1)]).toEqual([1, 100_000])
    expect(Math.max(...steps.map((step, i) => step - (steps[i - 1] ?? 0)))).toBeLessThan(200)
    expect(events.filter(event => event.type === "epoch")).toHaveLength(50)
    expect(events.filter(event => event.type === "status")).toEqual([
      { type: "status", state: "running", message: "49" },
    ])
  })
})

describe.skipIf(!chromiumPath)("the page in a browser", () => {
  let browser: Browser
  let page: Page
  const faults: string[] = []
  beforeEach(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] })
    page = await browser.newPage()
    faults.length = 0
    page.on("pageerror", error => faults.push(String(error)))
    page.on("console", message => message.type() === "error" && faults.push(message.text()))
    publishRun("selu", 0.9)
    publishRun("relu", 0.7)
    await page.goto(dashboard.url)
    await page.locator(".u-wrap canvas").first().waitFor()
  })
  afterEach(() => browser.close())

  function publishRun(run: string, scale: number): void {
    for (let step = 1; step <= 200; step++) dashboard.publish(run, batch(step, scale / step))
    for (let epoch = 1; epoch <= 4; epoch++) {
      const metrics = {
        loss: scale / epoch,
        val_loss: epoch === 3 ? Number.NaN : scale / epoch + 0.1,
        accuracy: 1 - 1 / epoch,
      }
      dashboard.publish(run, { type: "epoch", epoch, metrics })
    }
    const activation = { mean: 0.01, std: 0.99, dead: 0.6, saturated: 0.02 }
    dashboard.publish(run, { type: "layers", step: 200, layers: [{ name: "dense", activation, updateRatio: 0.001 }] })
    dashboard.publish(run, { type: "histogram", step: 200, name: "dense/kernel", edges: [-1, 0, 1], counts: [3, 5] })
    dashboard.publish(run, { type: "status", state: "running" })
  }

  it("draws curves of both runs, layers and weights, without a fault, and axe finds nothing serious", async () => {
    expect(await page.locator("#curves h3").allTextContents()).toEqual(
      expect.arrayContaining(["loss by epoch", "accuracy by epoch", "loss by batch", "learning rate", "ms per step"]),
    )
    expect(await page.locator("#curves .card").first().locator(".legend").textContent()).toMatch(
      /selu loss.*relu val_loss/,
    )
    expect(await page.locator("td.bad").allTextContents()).toEqual(["60.0 %", "60.0 %"])
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"))
    const { violations } = (await page.evaluate("axe.run()")) as { violations: { id: string; impact: string }[] }
    expect(
      violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id),
    ).toEqual([])
    expect(faults).toEqual([])
  })

  it("survives a reload and shows what comes after it", async () => {
    await page.reload()
    await page.locator(".u-wrap canvas").first().waitFor()
    dashboard.publish("selu", { type: "epoch", epoch: 5, metrics: { loss: 0.123 } })
    await page.getByText("loss 0.1230").first().waitFor()
    expect(await page.locator("#runs li").count()).toBe(2)
  })

  it("sends commands by keyboard and mouse", async () => {
    const commands: DashboardCommand[] = []
    dashboard.onCommand(command => commands.push(command))
    await page.getByRole("button", { name: "Pause relu" }).click()
    await page.getByRole("textbox", { name: "Learning rate of selu" }).fill("0.002")
    await page.keyboard.press("Enter")
    await expect
      .poll(() => commands)
      .toEqual([
        { run: "relu", command: "pause" },
        { run: "selu", command: "setLearningRate", value: 0.002 },
      ])
    dashboard.publish("relu", { type: "status", state: "paused" })
    await page.getByRole("button", { name: "Resume relu" }).click()
    await expect.poll(() => commands.length).toBe(3)
  })

  it("hides a run that is unticked", async () => {
    await page.getByRole("checkbox", { name: "relu" }).uncheck()
    const legend = page.locator("#curves .card").first().locator(".legend")
    await expect.poll(() => legend.textContent()).not.toContain("relu")
  })
})
