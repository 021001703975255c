import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { MemoryReport } from "@selvedge/core"
import { expect, it } from "vitest"

interface Use extends MemoryReport {
  readonly heapUsed: number
  readonly arrayBuffers: number
  readonly external: number
  readonly rss: number
}

const mebibyte = 1 << 20
const steps = 20_000

it(`${steps} synchronous steps of trainOnBatch leave memory as it was`, () => {
  const script = fileURLToPath(new URL("memoryLoop.ts", import.meta.url))
  const options = ["--expose-gc", "--conditions=@selvedge/source", "--import", "tsx", script, String(steps)]
  const { stdout, stderr } = spawnSync(process.execPath, options, { encoding: "utf8", env: { PATH: process.env.PATH } })
  expect(stderr).toBe("")
  const result: { before: Use; after: Use; peak: number; loss: number; steps: number } = JSON.parse(stdout)
  const { before, after, peak } = result
  expect(result.loss).toBeGreaterThan(0)
  expect(result.steps).toBe(2_000 + steps)
  const { heapUsed, arrayBuffers, external, rss, ...reported } = before
  expect(after).toMatchObject(reported)
  expect(reported).toMatchObject({ sessions: 1, exposed: 1, fallbacks: 0 })
  // An array of one number kept at each step would be 80 kB of array buffers, and 2 MB of heap around them.
  expect(after.heapUsed - heapUsed).toBeLessThan(mebibyte)
  expect(after.arrayBuffers - arrayBuffers).toBeLessThan(40_000)
  expect(after.external - external).toBeLessThan(mebibyte)
  expect(after.rss - rss).toBeLessThan(64 * mebibyte)
  // Between collections too: nothing may pile up until somebody lets the loop go.
  expect(peak - rss).toBeLessThan(128 * mebibyte)
})
