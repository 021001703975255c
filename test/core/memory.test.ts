import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

interface Use {
  readonly heapUsed: number
  readonly arrayBuffers: number
  readonly external: number
  readonly rss: number
}

const mebibyte = 1 << 20

it("50,000 synchronous training steps on small tensors leave memory as it was", () => {
  const script = fileURLToPath(new URL("memoryLoop.ts", import.meta.url))
  const options = ["--expose-gc", "--conditions=@selvedge/source", "--import", "tsx", script, "50000"]
  const { stdout, stderr } = spawnSync(process.execPath, options, { encoding: "utf8" })
  expect(stderr).toBe("")
  const { before, after, peak, loss }: { before: Use; after: Use; peak: number; loss: number } = JSON.parse(stdout)
  expect(loss).toBeGreaterThan(0)
  // One kept scalar tensor per step would be some 10 MiB of heap, one kept [16, 4] tensor 12 MiB of array buffers more.
  expect(after.heapUsed - before.heapUsed).toBeLessThan(mebibyte)
  expect(after.arrayBuffers - before.arrayBuffers).toBeLessThan(4 * mebibyte)
  expect(after.external - before.external).toBeLessThan(4 * mebibyte)
  expect(after.rss - before.rss).toBeLessThan(64 * mebibyte)
  // Between collections too: nothing may pile up until somebody lets the loop go.
  expect(peak - before.rss).toBeLessThan(128 * mebibyte)
})
