import { createHash } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { FormatError } from "@selvedge/core"
import { loadBundle, loadModel, saveBundle, toBundle } from "@selvedge/formats"
import { afterAll, describe, expect, it } from "vitest"
import { sha256, sha256Loop } from "../../packages/formats/src/sha256.ts"
import { fc } from "../property.ts"
import { expectModel, filePath, fixtures } from "./kerasFixtures.ts"

const folder = mkdtempSync(join(tmpdir(), "selvedge-"))
afterAll(() => rmSync(folder, { recursive: true }))
const good = async () => toBundle(await loadModel(filePath("keras3_bn.keras")))

describe("sha256", () => {
  it("agrees with Node's for every length around a block", async () => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) & 255)
      const want = createHash("sha256").update(bytes).digest("hex")
      expect(sha256Loop(bytes)).toBe(want)
      expect(await sha256(bytes)).toBe(want)
    }
  })
})

describe("bundles", () => {
  it.each(fixtures.map(f => [f.name, f] as const))("%s comes back", async (name, fixture) => {
    const path = join(folder, `${name}.json`)
    await saveBundle(await loadModel(filePath(fixture.files.h5)), path)
    const seen: number[] = []
    expectModel(await loadBundle(path, { onProgress: ({ loaded, total }) => seen.push(loaded / total) }), fixture)
    expect(seen).toEqual([1])
  })

  it("come over HTTP with progress", async () => {
    const fixture = fixtures.find(f => f.name === "keras3_bn")!
    await saveBundle(await loadModel(filePath("keras3_bn.keras")), join(folder, "web model.json"))
    const server = createServer((request, response) => {
      response.end(readFileSync(join(folder, decodeURIComponent(request.url ?? ""))))
    })
    await new Promise<void>(done => server.listen(0, done))
    const seen: number[] = []
    const url = `http://localhost:${(server.address() as AddressInfo).port}/web%20model.json`
    const onProgress = ({ loaded, total }: { loaded: number; total: number }) => seen.push(loaded / total)
    expectModel(await loadBundle(url, { onProgress }), fixture)
    expect(seen.at(-1)).toBe(1)
    server.close()
  })

  it("notice every damage", async () => {
    const { json, binary } = await good()
    await fc.assert(
      fc.asyncProperty(fc.nat(binary.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bad = binary.slice()
        bad[at] ^= flip
        await expect(loadBundle({ json, binary: bad })).rejects.toThrow(/SHA-256/)
      }),
      { numRuns: 30 },
    )
    await expect(loadBundle({ json, binary: binary.slice(4) })).rejects.toThrow(/bytes/)
    const text = new TextDecoder().decode(json)
    for (const [from, to] of [
      ["selvedge-bundle", "other"],
      ['"version":1', '"version":2'],
      ["model.bin", "../model.bin"],
      ['"offset":0', '"offset":4'],
      ['"shape":[', '"shape":[1,'],
      ["BatchNormalization", "QuantumNormalization"],
    ]) {
      const changed = new TextEncoder().encode(text.replace(from, to))
      await expect(loadBundle({ json: changed, binary }), from).rejects.toBeInstanceOf(FormatError)
    }
  })

  it("name a missing binary file", async () => {
    const { json } = await good()
    writeFileSync(join(folder, "alone.json"), new TextDecoder().decode(json).replace("model.bin", "alone.bin"))
    await expect(loadBundle(join(folder, "alone.json"))).rejects.toThrow(/alone\.bin/)
  })
})
