import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { simd } from "@selvedge/core"
import { describe, expect, it } from "vitest"
import { exponent } from "../../bench/src/exponent.ts"
import { readOptions } from "../../bench/src/flags.ts"
import { copyLoop, registerLoop } from "../../bench/src/kernels.ts"
import { measure, medianRatio } from "../../bench/src/measure.ts"
import { operations } from "../../bench/src/operations.ts"
import { Peer } from "../../bench/src/peers/peer.ts"
import { plainLoops } from "../../bench/src/plainLoops.ts"
import { section } from "../../bench/src/render.ts"
import { markdown, table } from "../../bench/src/table.ts"

describe("measure", () => {
  it("lets contestants take turns and divides by the repetitions", async () => {
    const order: string[] = []
    const contestant = (name: string, each: number) => ({
      name,
      run(times: number) {
        order.push(name)
        return times * each
      },
    })
    const [slow, fast] = await measure([contestant("slow", 4), contestant("fast", 2)], { rounds: 3, turn: 8 })
    expect(slow).toMatchObject({ name: "slow", median: 4, best: 4, rounds: [4, 4, 4] })
    expect(fast).toMatchObject({ name: "fast", median: 2 })
    expect(order.slice(-6)).toEqual(["slow", "fast", "slow", "fast", "slow", "fast"])
  })
})

describe("tables", () => {
  const header = ["what", "ms"]
  const rows = [
    ["a", 1234.5],
    ["long", 0.012345],
    ["none", null],
    ["count", 12],
  ]

  it("align text to the left and numbers to the right", () => {
    expect(table(header, rows).split("\n")).toEqual([
      "what       ms",
      "-----  ------",
      "a        1235",
      "long   0.0123",
      "none        -",
      "count      12",
    ])
  })

  it("are rendered with what they were measured on", () => {
    const machine = {
      processor: "P",
      cores: 2,
      memoryBytes: 1,
      platform: "linux x64",
      node: "26.1.0",
      v8: "14",
      date: "2026-01-02",
    }
    const reports = { gemm: [{ title: "Products", header, rows, notes: ["a note"] }] }
    const results = {
      machine,
      width: 256,
      arithmetic: "portable",
      quick: true,
      versions: { jax: "1" },
      reports,
    } as const
    const text = section("node26.json", results)
    expect(text).toContain(
      "## node26\n\n- P, 2 cores, linux x64, Node 26.1.0 (V8 14), 2026-01-02\n- vectors of 256 bits",
    )
    expect(text).toContain("few rounds\n- jax 1\n")
    expect(text).toContain(markdown(header, rows))
    expect(text).toContain("| what | ms |\n| --- | ---: |\n| a | 1235 |")
  })
})

describe("the command line", () => {
  it("knows its suites and options", () => {
    expect(readOptions([], ["a", "b"], ["a"])).toMatchObject({ names: ["a"], wide: true, fused: false, quick: false })
    expect(readOptions(["b", "--no-wide", "--quick"], ["a", "b"], ["a"])).toMatchObject({ names: ["b"], wide: false })
    expect(() => readOptions(["c"], ["a", "b"], ["a"])).toThrow('there is no suite "c"; there are: a, b')
    expect(() => readOptions(["--fast"], ["a"], ["a"])).toThrow("--fast")
  })
})

it("fits the exponent of a power law", () => {
  expect(exponent([1, 2, 4, 8], [3, 12, 48, 192])).toBeCloseTo(2, 12)
  expect(exponent([1, 10], [5, 5])).toBeCloseTo(0, 12)
})

describe("the machine's bounds", () => {
  it("the register loop adds products: every sum grows by 1e-6 each turn", () => {
    const loop = registerLoop({ width: 128, fused: false })
    expect(loop.flopsPerTurn).toBe(64)
    const before = loop.sums()
    loop.run(0, 0, 1000)
    for (const [i, sum] of loop.sums().entries()) expect(sum - (before[i] ?? 0)).toBeCloseTo(1e-3, 6)
  })

  it("the copy moves every stream it is to write", () => {
    const { run, stream } = copyLoop({ read: 2, write: 1, update: 1 }, 4096, { width: 128, fused: false })
    const [a, b, written, updated] = [0, 1, 2, 3].map(s => stream(s, 16))
    if (!a || !b || !written || !updated) throw new Error("four streams")
    for (const [i, floats] of [a, b, written, updated].entries()) floats.fill(i < 2 ? 1 : 0)
    run(0, 0, 8)
    expect([...written]).toEqual([...Array(8).fill(1), ...Array(8).fill(0)])
    expect([...updated]).toEqual([...written])
  })
})

it("a ratio is the median of the rounds' ratios, not that of the medians", () => {
  const timing = (rounds: readonly number[]) => ({ name: "", median: 0, best: 0, rounds })
  expect(medianRatio(timing([2, 30, 3]), timing([1, 10, 2]))).toBe(2)
  expect(medianRatio(undefined, timing([1]))).toBeNaN()
})

it("every operation runs as the suite calls it", async () => {
  const { tryOperation } = await import("../../bench/src/suites/ops.ts")
  for (const operation of operations) expect(tryOperation(operation), operation.name).toBe(true)
})

it("every operation that has no SIMD form of its own runs as the suite calls it", async () => {
  const { tryPlainLoop } = await import("../../bench/src/suites/ops.ts")
  for (const loop of plainLoops) await tryPlainLoop(loop)
})

it("every SIMD twin has a row", () => {
  const timed = new Set<unknown>(operations.map(({ kernel }) => kernel))
  const twins = Object.entries(simd).filter(([, twin]) => typeof twin === "object")
  expect(twins.filter(([, twin]) => !timed.has(twin)).map(([name]) => name)).toEqual([])
})

it("every op in whose file no SIMD twin stands has a row, unless it computes nothing or others time its loops", () => {
  const makers = ["arange", "eye", "fromNdarray", "full", "linspace", "ones", "tensor", "zeros"]
  const views = ["expandDims", "reshape", "squeeze", "stopGradient"]
  // Products, fills and sums have their rows in the tables of products and of twins; split is slice.
  const shared = ["linear", "matmul", "mean", "randomUniform", "split", "sum"]
  const folder = join(import.meta.dirname, "../../packages/core/src/ops")
  const ops = readdirSync(folder).filter(file => file.endsWith(".ts"))
  const plain = ops.filter(file => !readFileSync(join(folder, file), "utf8").includes("kernels/simd"))
  const timed = [...makers, ...views, ...shared, ...plainLoops.map(({ name }) => name)]
  expect(plain.map(file => file.slice(0, -3)).filter(name => !timed.includes(name))).toEqual([])
})

it("a peer answers on lines with the time it took, and says why it ended", async () => {
  const program = 'process.stdin.on("data", d => console.log("noise\\nms " + Number(d) * 2))'
  const peer = new Peer("double", process.execPath, ["-e", program])
  expect(await peer.run(3)).toBe(6)
  expect(await peer.run(5)).toBe(10)
  peer.close()
  const broken = new Peer("broken", process.execPath, ["-e", 'throw new Error("no such backend")'])
  await expect(broken.run(1)).rejects.toThrow(/the peer "broken" ended:[\s\S]*no such backend/)
})

it("a peer does nothing between its turns", async () => {
  const program =
    'let ticks = 0; setInterval(() => ticks++, 5); process.stdin.on("data", () => console.log("ms " + ticks))'
  const peer = new Peer("busy", process.execPath, ["-e", program])
  const first = await peer.run(1)
  await new Promise(resolve => setTimeout(resolve, 600))
  // 120 ticks if it had gone on.
  expect((await peer.run(1)) - first).toBeLessThan(40)
  peer.close()
})

it("the command says what it can do, and what it cannot", () => {
  const root = join(import.meta.dirname, "../..")
  const run = (...args: string[]) =>
    execFileSync(
      process.execPath,
      ["--import", "tsx", "--conditions=@selvedge/source", join(root, "bench/src/bench.ts"), ...args],
      { cwd: root, encoding: "utf8", stdio: "pipe" },
    )
  expect(run("--help")).toContain("Suites: gemm, ops, step, start, files, scaling")
  expect(() => run("speed")).toThrow('there is no suite "speed"')
})
