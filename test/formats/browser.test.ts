import { readFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { build } from "esbuild"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromiumPath } from "../report/chromium.ts"
import { fixtures, numbers } from "./kerasFixtures.ts"

const root = new URL("../../", import.meta.url)
const h5wasm = new URL(".", import.meta.resolve("h5wasm"))

const entry = `
  import { loadModel, modelToBytes, readHdf5, toBytes, writeHdf5 } from "./packages/formats/src/index.ts"
  const shorten = ({ attributes, groups, datasets }) =>
    [[...attributes.keys()], [...groups].map(([k, v]) => [k, shorten(v)]), [...datasets].map(([k, v]) => [k, [...v.data].map(String)])]
  window.run = async (name, options) => {
    const { bytes } = await toBytes("/" + name)
    try {
      return JSON.stringify(shorten(await readHdf5(bytes, { name, ...options })))
    } catch (error) {
      return error.name + ": " + error.message
    }
  }
  window.again = async name => {
    const tree = await readHdf5((await toBytes("/" + name)).bytes)
    return JSON.stringify(shorten(await readHdf5(await writeHdf5(tree)))) === JSON.stringify(shorten(tree))
  }
  window.load = async name => {
    const model = await loadModel((await toBytes("/" + name)).bytes)
    const again = await loadModel(new Blob([await modelToBytes(model)]))
    return JSON.stringify([model, again].map(m => m.getWeights().map(w => [...w])))
  }
`
const page0 = `<!doctype html><script type="importmap">{"imports":{"h5wasm":"/h5wasm/hdf5_hl.js"}}</script><script type="module" src="/bundle.js"></script>`

let server: Server
let browser: Browser
let page: Page

function answer(path: string, bundle: string): [string, string | Buffer] {
  if (path === "/") return ["text/html", page0]
  if (path === "/bundle.js") return ["text/javascript", bundle]
  if (path.startsWith("/h5wasm/")) return ["text/javascript", readFileSync(new URL(path.slice(8), h5wasm))]
  if (!path.startsWith("/files/")) return ["text/plain", ""]
  return ["application/octet-stream", readFileSync(new URL(`test/fixtures${path}`, root))]
}

describe.skipIf(!chromiumPath)("HDF5 in a browser", () => {
  beforeAll(async () => {
    const made = await build({
      stdin: { contents: entry, resolveDir: root.pathname, loader: "ts" },
      bundle: true,
      write: false,
      format: "esm",
      conditions: ["@selvedge/source"],
      external: ["h5wasm", "node:*"],
    })
    const bundle = made.outputFiles[0].text
    server = createServer((request, response) => {
      const [type, body] = answer(request.url ?? "/", bundle)
      response.writeHead(200, { "content-type": type }).end(body)
    })
    await new Promise<void>(done => server.listen(0, done))
    browser = await chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] })
    page = await browser.newPage()
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`)
    await page.waitForFunction("window.run")
  })
  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  const run = (name: string, options: object = {}) =>
    page.evaluate(`run(${JSON.stringify(name)}, ${JSON.stringify(options)})`)

  it("reads in a worker, and in the page when told to", async () => {
    const inWorker = await run("files/keras3_bn.h5")
    expect(inWorker).toContain("model_config")
    expect(await run("files/keras3_bn.h5", { trusted: true })).toBe(inWorker)
  })

  it("writes what it can read", async () => {
    expect(await page.evaluate(`again("files/keras3_nested.weights.h5")`)).toBe(true)
  })

  it("loads a model, and saves one that is the same", async () => {
    const [first, second] = JSON.parse(await page.evaluate(`load("files/keras3_bn.keras")`))
    const fixture = fixtures.find(({ name }) => name === "keras3_bn")!
    expect(first.map((w: number[]) => Float32Array.from(w))).toEqual(fixture.weights.map(numbers))
    expect(second).toEqual(first)
  })

  it("refuses broken files and goes on", async () => {
    expect(await run("files/bad/byteflips_1.h5")).toMatch(/^FormatError: .*byteflips_1/)
    expect(await run("files/bad/truncated_half_good.h5")).toMatch(/truncated file/)
    expect(await run("files/bad/good.h5", { timeoutMs: 0.01 })).toMatch(/within 0 ms/)
    expect(await run("files/bad/good.h5")).toContain("model_weights")
  })
})
