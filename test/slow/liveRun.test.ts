import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { OptionError, type Tensor, tensor } from "@selvedge/core"
import { BatchNormalization, Dense, Dropout, Sequential } from "@selvedge/layers"
import { type DashboardCommand, type DashboardEvent, liveDashboard } from "@selvedge/report"
import { type Callback, compile, SGD, type Trainer } from "@selvedge/trainer"
import { type Browser, chromium } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest"
import { DashboardCallback } from "../../packages/report/src/dashboard/dashboardCallback.ts"
import { chromiumPath } from "../report/chromium.ts"

const x = { data: Float32Array.from({ length: 480 }, (_, i) => Math.sin(i * i)), shape: [120, 4] }
const y = { data: Float32Array.from({ length: 120 }, (_, i) => i % 2), shape: [120, 1] }

class MCDropout extends Dropout {
  override call(input: Tensor) {
    return super.call(input, { training: true })
  }
}

function trainer(): Trainer {
  const layers = [
    new Dense(6, { activation: "relu", inputShape: [4], name: "hidden" }),
    new BatchNormalization({ name: "norm" }),
    new MCDropout(0.5, { name: "drop" }),
    new Dense(1, { activation: "sigmoid", name: "out" }),
  ]
  const model = new Sequential(layers, { seed: 3 })
  return compile(model, { loss: "binary_crossentropy", optimizer: new SGD({ learningRate: 0.1 }), seed: 4 })
}

/** A channel that keeps what is published, and gives commands. */
function channel() {
  const events: DashboardEvent[] = []
  const listeners = new Set<(command: DashboardCommand) => void>()
  return {
    events,
    of: <T extends DashboardEvent["type"]>(type: T) =>
      events.filter((event): event is Extract<DashboardEvent, { type: T }> => event.type === type),
    command: (command: DashboardCommand) => {
      for (const listener of listeners) listener(command)
    },
    publish: (_run: string, event: DashboardEvent) => void events.push(event),
    onCommand: (listener: (command: DashboardCommand) => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
}

const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))
const slowly = (ms: number): Callback => ({ onTrainBatchEnd: async () => void (await wait(ms)) })
const options = { epochs: 3, batchSize: 40, verbose: 0 } as const

describe("a run on the dashboard", () => {
  it("has the same bits as without it, random layers and later free calls included", async () => {
    const results = await Promise.all(
      [[], [new DashboardCallback("a", channel())]].map(async callbacks => {
        const run = trainer()
        const { history } = await run.fit(x, y, { ...options, callbacks, validationData: [x, y] })
        return [history, run.model.getWeights(), await run.predict(x).then(p => [...[p].flat()[0].data])]
      }),
    )
    expect(results[1]).toEqual(results[0])
  })

  it("tells epochs, state, and batches some times a second", async () => {
    const live = channel()
    const callbacks = [slowly(150), new DashboardCallback("a", live)]
    const { history } = await trainer().fit(x, y, { ...options, callbacks })
    expect(live.of("epoch").map(({ epoch, metrics }) => [epoch, metrics.loss])).toEqual(
      history.loss.map((loss, i) => [i + 1, loss]),
    )
    expect(live.of("status").map(({ state }) => state)).toEqual(["running", "finished"])
    const batches = live.of("batch")
    expect(batches.length).toBeGreaterThanOrEqual(3)
    expect(batches.length).toBeLessThanOrEqual(6)
    expect(batches.every(({ learningRate }) => learningRate === 0.1)).toBe(true)
    expect(batches.at(-1)!.msPerStep).toBeGreaterThan(140)
  })

  it("looks at layers: activations in inference, gradients, updates, weights", async () => {
    const live = channel()
    const run = trainer()
    const seen: { weights: Float32Array[]; gradient: Float32Array }[] = []
    const see: Callback = {
      onTrainBatchEnd: () => {
        const [kernel] = run.model.weights
        seen.push({ weights: run.model.getWeights(), gradient: Float32Array.from(kernel.grad!.read()) })
      },
    }
    await run.fit(x, y, { ...options, shuffle: false, callbacks: [see, new DashboardCallback("a", live)] })
    const { step, layers } = live.of("layers")[0]
    expect(step).toBe(2)
    expect(layers.map(({ name }) => name)).toEqual(["hidden", "norm", "drop", "out"])
    const [hidden] = layers
    const [before, { weights: after, gradient }] = seen
    const norm = (values: ArrayLike<number>) => Math.sqrt(Array.from(values).reduce((sum, v) => sum + v * v, 0))
    const all = (weights: Float32Array[]) => [...weights[0], ...weights[1]]
    const update = all(after).map((w, i) => w - all(before.weights)[i])
    expect(hidden.updateRatio).toBeCloseTo(norm(update) / norm(all(before.weights)), 5)
    const bias = after[1].map((w, i) => (before.weights[1][i] - w) / 0.1)
    const both = [...gradient, ...bias]
    const mean = both.reduce((sum, g) => sum + g, 0) / both.length
    expect(hidden.gradient!.mean).toBeCloseTo(mean, 5)
    expect(hidden.gradient!.std).toBeCloseTo(norm(both.map(g => g - mean)) / Math.sqrt(both.length), 5)
    // The step's weights were those before it; by the time of the look it has changed them.
    const rows = Array.from({ length: 32 }, (_, i) => Array.from(x.data.subarray(4 * (40 + i), 4 * (41 + i))))
    const units = rows.map(row =>
      Array.from({ length: 6 }, (_, j) =>
        Math.max(0, after[1][j] + row.reduce((sum, v, k) => sum + v * after[0][6 * k + j], 0)),
      ),
    )
    expect(hidden.activation!.mean).toBeCloseTo(units.flat().reduce((a, b) => a + b) / 192, 5)
    expect(hidden.activation!.dead).toBeCloseTo([0, 1, 2, 3, 4, 5].filter(j => units.every(u => u[j] === 0)).length / 6)
    const kernel = live.of("histogram").find(({ name }) => name === "hidden/kernel")!
    expect(kernel.counts.reduce((a, b) => a + b)).toBe(24)
    expect([kernel.edges[0], kernel.edges.at(-1)]).toEqual([Math.min(...after[0]), Math.max(...after[0])])
    expect(Object.hasOwn(run.model, "applyAll")).toBe(false)
  })

  it("looks at a bounded part of a large model", async () => {
    const live = channel()
    const layers = [
      new Dense(500, { inputShape: [4] }),
      ...Array.from({ length: 60 }, () => new Dense(4)),
      new Dense(1),
    ]
    const run = compile(new Sequential(layers), { loss: "mse" })
    await run.fit(x, y, { ...options, epochs: 1, callbacks: [new DashboardCallback("a", live)] })
    expect(live.of("histogram").length).toBeLessThanOrEqual(24)
    expect(live.of("layers")[0].layers).toHaveLength(62)
    const wide = compile(new Sequential([new Dense(30_000, { inputShape: [4] }), new Dense(1)]), { loss: "mse" })
    await wide.fit(x, y, { ...options, epochs: 1, callbacks: [new DashboardCallback("wide", live)] })
    const kernel = live.of("histogram").at(-4)!
    const counted = kernel.counts.reduce((a, b) => a + b)
    expect(counted).toBeGreaterThan(4000)
    expect(counted).toBeLessThanOrEqual(8192)
  })

  it("pauses, resumes, changes the rate, stops", async () => {
    const live = channel()
    const run = trainer()
    const callbacks = [slowly(5), new DashboardCallback("a", live)]
    const fitted = run.fit(x, y, { ...options, epochs: 1000, callbacks })
    await wait(100)
    live.command({ run: "another", command: "stop" })
    live.command({ run: "a", command: "pause" })
    await wait(50)
    const { step } = run
    await wait(100)
    expect(run.step).toBe(step)
    live.command({ run: "a", command: "setLearningRate", value: 0.025 })
    live.command({ run: "a", command: "resume" })
    await wait(100)
    expect(run.step).toBeGreaterThan(step)
    live.command({ run: "a", command: "pause" })
    live.command({ run: "a", command: "stop" })
    const { epoch } = await fitted
    expect(epoch.length).toBeLessThan(1000)
    expect(run.optimizer.learningRate).toBe(0.025)
    const states = live.of("status").map(({ state, message }) => (message ? `${state}: ${message}` : state))
    expect(states).toEqual([
      "running",
      "paused",
      "paused: learning rate set to 0.025",
      "running",
      "paused",
      "stopped",
      "stopped",
    ])
  })

  it("leaves a model as it was that is neither built of layers nor run to the end", async () => {
    const layer = new Dense(1, { activation: "sigmoid" })
    const run = compile(layer, { loss: "mse" })
    const live = channel()
    const stop: Callback = {
      onTrainBatchEnd: (_batch, _logs, of) => {
        of.stopTraining = true
      },
    }
    await run.fit(x, y, { ...options, callbacks: [stop, new DashboardCallback("a", live)] })
    expect(Object.hasOwn(layer, "applyAll")).toBe(false)
    expect(live.of("status").at(-1)!.state).toBe("finished")
    await run.fit(x, y, { ...options, callbacks: [new DashboardCallback("a", live)] })
    expect(live.of("layers")[0].layers).toMatchObject([{ name: layer.name }])
    expect(live.of("layers")[0].layers[0].activation).toBeUndefined()
  })
})

describe("liveDashboard().callback", () => {
  it("wants a name, and lets a paused run go on when the dashboard closes", async () => {
    const live = await liveDashboard()
    expect(() => live.callback("")).toThrow(OptionError)
    const run = trainer()
    const fitted = run.fit(x, y, { ...options, epochs: 200, callbacks: [slowly(1), live.callback("a")] })
    await wait(50)
    const url = new URL(live.url)
    url.pathname = "/command"
    await fetch(url, { method: "POST", body: JSON.stringify({ run: "a", command: "pause" }) })
    await wait(50)
    expect(run.paused).not.toBeNull()
    await live.close()
    expect((await fitted).epoch).toHaveLength(200)
  })

  it("keeps the process alive while it is paused, and no longer", async () => {
    const path = fileURLToPath(new URL("../report/pausedRun.ts", import.meta.url))
    const child = spawn(process.execPath, ["--import", "tsx", "--conditions=@selvedge/source", path], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    const [first] = (await once(child.stdout, "data")) as [Buffer]
    const url = new URL(String(first).trim())
    url.pathname = "/command"
    const post = (command: string) => fetch(url, { method: "POST", body: JSON.stringify({ run: "a", command }) })
    const ended = once(child, "exit")
    onTestFinished(() => void child.kill("SIGKILL"))
    await post("pause")
    await wait(1500)
    expect(child.exitCode).toBeNull()
    await post("stop")
    expect(await ended).toEqual([0, null])
  })
})

describe.skipIf(!chromiumPath)("the page of a real run", () => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] })
  })
  afterAll(() => browser.close())

  it.each([
    ["light", 1280],
    ["dark", 390],
  ] as const)(
    "in %s, %i pixels wide: axe finds nothing serious, nothing overflows, buttons work",
    async (colorScheme, width) => {
      const live = await liveDashboard()
      const run = trainer()
      const fitted = run.fit(x, y, { ...options, epochs: 10_000, callbacks: [slowly(20), live.callback("first try")] })
      const page = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
      const faults: string[] = []
      page.on("pageerror", error => faults.push(String(error)))
      await page.goto(live.url)
      await page.getByText("loss by epoch").waitFor()
      await page.getByRole("rowheader", { name: "hidden" }).waitFor()
      expect(await page.locator("#weights .card").count()).toBe(8)
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBeLessThanOrEqual(0)
      // A table keeps its focus while the run goes on.
      await page.getByRole("region", { name: "Layers of first try" }).focus()
      await page.waitForTimeout(700)
      expect(await page.evaluate("document.activeElement.getAttribute('aria-label')")).toBe("Layers of first try")
      await page.evaluate(readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"))
      const { violations } = (await page.evaluate("axe.run()")) as { violations: { id: string; impact: string }[] }
      expect(violations.filter(({ impact }) => impact === "serious" || impact === "critical")).toEqual([])
      await page.getByRole("button", { name: "Stop first try" }).click()
      await fitted
      await page.getByText("stopped").waitFor()
      expect(faults).toEqual([])
      await page.close()
      await live.close()
    },
  )
})

it("inputs that are not a tensor alone are looked at as well", async () => {
  const { input, Add, Model } = await import("@selvedge/layers")
  const [a, b] = [input({ shape: [4] }), input({ shape: [4] })]
  const model = new Model({ inputs: [a, b], outputs: new Dense(1, { name: "sum" }).apply(new Add().apply([a, b])) })
  const live = channel()
  await compile(model, { loss: "mse" }).fit([x, x], y, { ...options, callbacks: [new DashboardCallback("a", live)] })
  expect(live.of("layers")[0].layers.map(({ name }) => name)).toContain("sum")
  expect(model.apply([tensor(x.data, x.shape), tensor(x.data, x.shape)]).shape).toEqual([120, 1])
})
