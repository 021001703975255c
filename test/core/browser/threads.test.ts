import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { setKernels, setThreads } from "@selvedge/core"
import { build } from "esbuild"
import { type Browser, chromium } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest"
import { chromiumPath } from "../../report/chromium.ts"
import { trainedBytes } from "./train.ts"

const isolated = { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" }
const policy = (text: string) => ({ "content-security-policy": text })
const headers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/isolated": isolated,
  "/plain": {},
  "/no-workers": { ...isolated, ...policy("script-src 'self' 'wasm-unsafe-eval'; worker-src 'none'") },
  "/no-wasm": { ...isolated, ...policy("script-src 'self'; worker-src blob:") },
}

interface Result {
  readonly count: number
  readonly ready: number
  readonly shared: number
  readonly bytes: string
}

// Compared as a whole: a difference of so many numbers would take minutes to print.
const inNode = () => trainedBytes(10).join()

describe.skipIf(!chromiumPath)("training in a browser", () => {
  let server: Server
  let browser: Browser
  let bundle: string

  beforeAll(async () => {
    const { outputFiles } = await build({
      entryPoints: [`${import.meta.dirname}/page.ts`],
      bundle: true,
      write: false,
      format: "esm",
      target: "es2022",
      conditions: ["@selvedge/source"],
      external: ["node:*"],
    })
    bundle = outputFiles[0].text
    server = createServer((request, response) => {
      const { pathname, search } = new URL(request.url ?? "/", "http://localhost")
      const script = pathname === "/bundle.js"
      const type = script ? "text/javascript" : "text/html"
      const html = `<!doctype html><title>Threads</title><script type="module" src="/bundle.js${search.replaceAll('"', "")}"></script>`
      response.writeHead(200, { "content-type": type, ...(script ? isolated : headers[pathname]) })
      response.end(script ? bundle : html)
    })
    await new Promise<void>(done => server.listen(0, done))
    browser = await chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] })
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })
  afterEach(() => {
    setThreads(1)
    setKernels("wasm")
  })

  /** Opens a page and waits for what it tells: results, and the library's own warnings. */
  async function open(
    path: string,
    threads: readonly number[],
    more = "",
  ): Promise<{ results: Result[]; warnings: string[] }> {
    const page = await browser.newPage()
    const results: Result[] = []
    const warnings: string[] = []
    try {
      await new Promise<void>((done, fail) => {
        page.on("pageerror", fail)
        page.on("console", message => {
          const text = message.text()
          if (text === "done") done()
          else if (text.startsWith("{")) results.push(JSON.parse(text))
          else if (message.type() === "warning") warnings.push(text)
        })
        const { port } = server.address() as AddressInfo
        page.goto(`http://localhost:${port}${path}?threads=${threads.join()}${more}`).catch(fail)
      })
    } finally {
      await page.close()
    }
    return { results, warnings }
  }

  it("gives Node's bits with one, two and three threads where the page is isolated", async () => {
    const { results, warnings } = await open("/isolated", [1, 2, 3])
    expect(results.map(({ count, ready }) => [count, ready])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ])
    expect(results[0].shared).toBe(0)
    for (const { shared } of results.slice(1)) expect(shared).toBeGreaterThan(10)
    setThreads(1)
    expect(results.map(({ bytes }) => bytes === inNode())).toEqual([true, true, true])
    expect(warnings).toEqual([])
  })

  it("says that a worker was lost in the middle of its work, and has the same bits with those that follow it", async () => {
    const { results, warnings } = await open("/isolated", [2], "&lose=1")
    expect(warnings[0]).toMatch(/threads: a worker stopped in the middle of its work/)
    // Nobody knows when it has ended; until then no step begins.
    expect(warnings[1]).toMatch(/session: a worker of a broken thread pool is still ending/)
    expect(warnings.slice(2)).toEqual(["ending: true"])
    expect(results.map(({ ready, bytes }) => [ready, bytes === inNode()])).toEqual([[2, true]])
    expect(results[0].shared).toBeGreaterThan(10)
  })

  it("computes on one thread, to the same bits, where memory cannot be shared", async () => {
    const { results, warnings } = await open("/plain", [2])
    expect(results.map(({ ready, shared }) => [ready, shared])).toEqual([[1, 0]])
    expect(results[0].bytes === inNode()).toBe(true)
    expect(warnings).toEqual([])
  })

  it("says once that a policy forbids workers, and goes on to the same bits", async () => {
    const { results, warnings } = await open("/no-workers", [2, 3])
    expect(results.map(({ ready, shared }) => [ready, shared])).toEqual([
      [1, 0],
      [1, 0],
    ])
    expect(results.map(({ bytes }) => bytes === inNode())).toEqual([true, true])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^threads: computing on one thread, because no worker can be started: .*policy/)
  })

  it("says once that a policy forbids WebAssembly, and goes on with the plain loops", async () => {
    const { results, warnings } = await open("/no-wasm", [1, 2])
    setKernels("typescript")
    expect(results.map(({ bytes }) => bytes === inNode())).toEqual([true, true])
    expect(results.map(({ shared }) => shared)).toEqual([0, 0])
    expect(warnings).toHaveLength(1)
    expect(warnings[0]).toMatch(/^kernels: computing with plain loops, .* because WebAssembly fails: .*WebAssembly/s)
  })
})
