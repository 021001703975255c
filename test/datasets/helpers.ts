import { createHash } from "node:crypto"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { FormatError } from "@selvedge/core"
import { afterEach, expect } from "vitest"

const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Runs after the test. */
export function cleanUp(task: () => unknown): void {
  cleanups.push(task)
}

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "selvedge-datasets-"))
  cleanUp(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Serves on 127.0.0.1 until `stop` or the end of the test; `requests` are the paths that were asked for. */
export async function serve(answer: (path: string, response: ServerResponse, count: number) => void) {
  const requests: string[] = []
  const server = createServer((request: IncomingMessage, response) => {
    requests.push(request.url ?? "")
    answer(request.url ?? "", response, requests.filter(path => path === request.url).length)
  })
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  cleanUp(stop)
  const address = server.address()
  const port = typeof address === "object" && address ? address.port : 0
  return { url: `http://127.0.0.1:${port}`, requests, stop }
}

/** An address at which nothing listens. */
export async function deadAddress(): Promise<string> {
  const server = createServer()
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
  const address = server.address()
  const port = typeof address === "object" && address ? address.port : 0
  await new Promise(done => server.close(done))
  return `http://127.0.0.1:${port}`
}

/** Sets an environment variable for the length of the test. */
export function setEnvironment(name: string, value: string | undefined): void {
  const before = process.env[name]
  if (value === undefined) delete process.env[name]
  else process.env[name] = value
  cleanUp(() => {
    if (before === undefined) delete process.env[name]
    else process.env[name] = before
  })
}

export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex")
}

/** The folder with the real `fashion-mnist`, where this machine has it. */
export const realFolder = [
  process.env.SELVEDGE_DATASETS,
  resolve(import.meta.dirname, "../../../shared/datasets"),
].find(folder => folder !== undefined && existsSync(join(folder, "fashion-mnist", "train-images-idx3-ubyte.gz")))

/** Expects a FormatError whose message has every one of the facts. */
export async function expectFlaw(run: () => unknown, facts: Record<string, string | number | RegExp>): Promise<void> {
  let error: unknown
  try {
    await run()
  } catch (caught) {
    error = caught
  }
  expect(error).toBeInstanceOf(FormatError)
  if (!(error instanceof FormatError)) return
  expect(Object.keys(error.details.facts ?? {})).toEqual(["file", "offset", "expected", "found"])
  for (const [name, fact] of Object.entries(facts)) {
    const value = error.details.facts?.[name]
    if (fact instanceof RegExp) expect(String(value)).toMatch(fact)
    else expect(value).toBe(fact)
  }
}
