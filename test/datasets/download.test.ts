import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { OptionError } from "@selvedge/core"
import { DownloadError, type DownloadProgress, formatProgress, type ObtainOptions } from "@selvedge/datasets"
import { describe, expect, it } from "vitest"
import { checkSha256 } from "../../datasets/src/bytes.ts"
import { type DatasetFile, type DatasetSpec, obtain } from "../../datasets/src/obtain.ts"
import { deadAddress, expectFlaw, serve, setEnvironment, sha256, temporaryFolder } from "./helpers.ts"

const contents = { "one.bin": Buffer.alloc(50_000, 1), "two.bin": Buffer.alloc(7, 2) }

function file(name: keyof typeof contents): DatasetFile<string> {
  return {
    names: [name],
    maxBytes: 60_000,
    async open(bytes, place) {
      await checkSha256(bytes, sha256(contents[name]), place)
      return `${name} of ${bytes.length}`
    },
  }
}

const spec: DatasetSpec<string> = {
  key: "toy",
  title: "Toy",
  layouts: [{ folders: ["", "toy"], files: [file("one.bin"), file("two.bin")] }],
  mirrors: [],
}

const bothFiles = ["one.bin of 50000", "two.bin of 7"]
const fast = { backoffMs: 5, attempts: 3 }

function content(path: string): Buffer {
  const entry = Object.entries(contents).find(([name]) => path === `/${name}`)
  return entry ? entry[1] : Buffer.from("?")
}

function run(options: ObtainOptions) {
  setEnvironment("SELVEDGE_DATASETS", undefined)
  return obtain(spec, { ...fast, ...options })
}

describe("download", () => {
  it("fetches into the cache, reports progress, and the next time reads the cache", async () => {
    const server = await serve((path, response) => {
      const body = content(path)
      response.setHeader("content-length", body.length)
      response.end(body)
    })
    const cache = temporaryFolder()
    const reports: DownloadProgress[] = []
    const options = {
      cacheFolder: cache,
      mirrors: [`${server.url}/`],
      onProgress: (p: DownloadProgress) => reports.push(p),
    }
    const first = await run(options)
    expect(first).toMatchObject({ source: "download", contents: bothFiles })
    expect(reports.at(-1)).toEqual({ file: "two.bin", received: 7, total: 7, done: true })
    expect(reports.find(p => p.file === "one.bin")?.total).toBe(50_000)
    expect(readdirSync(join(cache, "toy")).sort()).toEqual(["one.bin", "two.bin"])
    expect(Buffer.compare(readFileSync(join(cache, "toy", "one.bin")), contents["one.bin"])).toBe(0)
    expect(await run(options)).toMatchObject({ source: "cache", place: join(cache, "toy"), contents: bothFiles })
    expect(server.requests).toEqual(["/one.bin", "/two.bin"])
  })

  it("tries again after a server error, a broken transfer and wrong contents", async () => {
    const server = await serve((path, response, count) => {
      const body = content(path)
      if (path === "/two.bin" || count === 4) response.end(body)
      else if (count === 1) response.writeHead(500).end("sorry")
      else if (count === 2) {
        response.setHeader("content-length", body.length)
        response.write(body.subarray(0, 1000), () => response.destroy())
      } else response.end(Buffer.alloc(50_000, 3))
    })
    const cache = temporaryFolder()
    const messages: string[] = []
    const result = await run({
      cacheFolder: cache,
      mirrors: [server.url],
      attempts: 4,
      onMessage: message => messages.push(message),
    })
    expect(result.source).toBe("download")
    expect(messages).toHaveLength(3)
    expect(messages[0]).toMatch(/attempt 1 .* HTTP 500/)
    expect(messages[2]).toMatch(/not the published one.*SHA-256/)
  })

  it.each([
    ["a file that is cut off", (body: Buffer) => body.subarray(0, 900)],
    ["a file with another content", (body: Buffer) => Buffer.alloc(body.length, 9)],
    ["a file that never ends", () => Buffer.alloc(200_000)],
  ])("gives up on %s, and the cache stays empty", async (_, spoil) => {
    const server = await serve((path, response) => response.end(spoil(content(path))))
    const cache = temporaryFolder()
    const promise = run({ cacheFolder: cache, mirrors: [server.url] })
    await expect(promise).rejects.toBeInstanceOf(DownloadError)
    await expect(promise).rejects.toMatchObject({ offline: false, code: "ERR_DOWNLOAD" })
    expect(server.requests).toHaveLength(3)
    expect(existsSync(join(cache, "toy")) ? readdirSync(join(cache, "toy")) : []).toEqual([])
  })

  it("asks the second mirror at once when the first has not the file or is down", async () => {
    const empty = await serve((_, response) => response.writeHead(404).end())
    const good = await serve((path, response) => response.end(content(path)))
    const options = { cacheFolder: temporaryFolder(), mirrors: [await deadAddress(), empty.url, good.url] }
    expect(await run(options)).toMatchObject({ source: "download", place: expect.stringContaining(good.url) })
    expect(empty.requests).toHaveLength(2)
  })

  it("finds no network when no server can be reached, and only then", async () => {
    const dead = await deadAddress()
    expect(await run({ cacheFolder: temporaryFolder(), mirrors: [dead, dead] })).toEqual({
      source: "none",
      reason: "there is no network and it is not in the cache",
    })
    const empty = await serve((_, response) => response.writeHead(404).end())
    await expect(run({ cacheFolder: temporaryFolder(), mirrors: [dead, empty.url] })).rejects.toThrow(/HTTP 404/)
    const half = await serve((path, response) => {
      if (path === "/one.bin") response.end(content(path))
      else response.destroy()
    })
    await expect(run({ cacheFolder: temporaryFolder(), mirrors: [half.url] })).rejects.toBeInstanceOf(DownloadError)
  })

  it("takes a network that is lost between two files for an error", async () => {
    const server = await serve((path, response) => {
      response.setHeader("connection", "close")
      response.end(content(path), () => server.stop())
    })
    const promise = run({ cacheFolder: temporaryFolder(), mirrors: [server.url] })
    await expect(promise).rejects.toMatchObject({ offline: true, code: "ERR_DOWNLOAD" })
    await expect(promise).rejects.toThrow(/two\.bin: no server could be reached/)
  })

  it("does not wait for a server that never answers, nor for one that stops in the middle", async () => {
    const silent = await serve(() => {})
    const result = await run({ cacheFolder: temporaryFolder(), mirrors: [silent.url], connectTimeoutMs: 50 })
    expect(result.source).toBe("none")
    const stuck = await serve((path, response) => {
      response.write(content(path).subarray(0, 3))
    })
    const options = { cacheFolder: temporaryFolder(), mirrors: [stuck.url], stallTimeoutMs: 50 }
    await expect(run(options)).rejects.toThrow(/no more bytes within 50 ms/)
    expect(stuck.requests).toHaveLength(3)
  })

  it("stops when aborted, in a transfer and in a pause", async () => {
    const reason = new Error("enough")
    const stuck = await serve((_, response) => {
      response.write("abc")
    })
    const abort = new AbortController()
    const options = { cacheFolder: temporaryFolder(), mirrors: [stuck.url], signal: abort.signal }
    await expect(run({ ...options, onProgress: () => abort.abort(reason) })).rejects.toBe(reason)
    await expect(run(options)).rejects.toBe(reason)
    const failing = await serve((_, response) => response.writeHead(503).end())
    const later = new AbortController()
    const pausing = {
      mirrors: [failing.url],
      backoffMs: 60_000,
      onMessage: () => setTimeout(() => later.abort(reason), 5),
    }
    await expect(run({ cacheFolder: temporaryFolder(), signal: later.signal, ...pausing })).rejects.toBe(reason)
  })

  it("goes on without a cache where none can be written", async () => {
    const server = await serve((path, response) => response.end(content(path)))
    const blocked = join(temporaryFolder(), "file")
    writeFileSync(blocked, "")
    const messages: string[] = []
    const options = { cacheFolder: blocked, mirrors: [server.url], onMessage: (m: string) => messages.push(m) }
    expect(await run(options)).toMatchObject({ source: "download", contents: bothFiles })
    expect(messages[0]).toMatch(/could not be kept in the cache/)
  })

  it("draws a bar", () => {
    const progress = { file: "a.gz", received: 5_000_000, total: 10_000_000, done: false }
    expect(formatProgress(progress, 10)).toBe("a.gz [=====>    ]  50 %  5.0 of 10.0 MB")
    expect(formatProgress({ ...progress, total: undefined })).toBe("a.gz 5.0 MB")
    expect(formatProgress({ ...progress, received: 10_000_000 }, 4)).toBe("a.gz [====] 100 %  10.0 of 10.0 MB")
  })
})

describe("folders", () => {
  function fill(folder: string, ...names: (keyof typeof contents)[]): string {
    mkdirSync(folder, { recursive: true })
    for (const name of names) writeFileSync(join(folder, name), contents[name])
    return folder
  }

  it("takes the folder with the files or the one above it, from the option before the environment", async () => {
    const folder = temporaryFolder()
    fill(join(folder, "toy"), "one.bin", "two.bin")
    expect(await run({ folder })).toMatchObject({ source: "folder", place: join(folder, "toy"), contents: bothFiles })
    expect(await run({ folder: join(folder, "toy") })).toMatchObject({ source: "folder", contents: bothFiles })
    setEnvironment("SELVEDGE_DATASETS", folder)
    expect(await obtain(spec)).toMatchObject({ source: "folder", contents: bothFiles })
    await expect(obtain(spec, { folder: join(folder, "none") })).rejects.toThrow(/option folder/)
  })

  it("names what a given folder lacks", async () => {
    const folder = temporaryFolder()
    fill(join(folder, "toy"), "one.bin")
    await expect(run({ folder })).rejects.toBeInstanceOf(OptionError)
    await expect(run({ folder })).rejects.toThrow(/missing +two\.bin\n/)
    await expect(run({ folder: temporaryFolder() })).rejects.toThrow(/missing +one\.bin, two\.bin\n/)
    setEnvironment("SELVEDGE_DATASETS", folder)
    await expect(obtain(spec)).rejects.toThrow(/named by +SELVEDGE_DATASETS/)
    setEnvironment("SELVEDGE_DATASETS", temporaryFolder())
    const optional = { ...spec, optionalInEnvironment: true }
    expect(await obtain(optional, { cacheFolder: temporaryFolder(), offline: true })).toMatchObject({ source: "none" })
    await expect(obtain(optional, { folder: temporaryFolder() })).rejects.toBeInstanceOf(OptionError)
  })

  it("leaves a damaged file where it is, in a folder and in the cache", async () => {
    const folder = fill(temporaryFolder(), "one.bin", "two.bin")
    const damaged = join(folder, "two.bin")
    writeFileSync(damaged, "damage")
    await expectFlaw(() => run({ folder }), { file: damaged, expected: sha256(contents["two.bin"]) })
    writeFileSync(damaged, Buffer.alloc(60_001))
    await expectFlaw(() => run({ folder }), { file: damaged, expected: "at most 60000 bytes" })
    const cache = temporaryFolder()
    fill(join(cache, "toy"), "two.bin")
    writeFileSync(join(cache, "toy", "one.bin"), "damage")
    const server = await serve((path, response) => response.end(content(path)))
    await expectFlaw(() => run({ cacheFolder: cache, mirrors: [server.url] }), { file: join(cache, "toy", "one.bin") })
    expect(readFileSync(join(cache, "toy", "one.bin"), "utf8")).toBe("damage")
    expect(server.requests).toEqual([])
  })
})
