import { fileURLToPath } from "node:url"
import { gemm as product, setKernels, setThreads } from "@selvedge/core"
import { numbers, timedInStep } from "../arena.ts"
import { registerLoop } from "../kernels.ts"
import { type Contestant, measure } from "../measure.ts"
import { Peer } from "../peers/peer.ts"
import type { Report, SuiteOptions } from "../suite.ts"
import type { Cell } from "../table.ts"

interface Shape {
  readonly m: number
  readonly n: number
  readonly k: number
  /** "nn", or "tn" for op(A) = Aᵀ, "nt" for op(B) = Bᵀ. */
  readonly form: "nn" | "tn" | "nt"
}

const nn = (m: number, n: number, k: number): Shape => ({ m, n, k, form: "nn" })

/** n and k of the chapter's hidden layers, forward; k and n of their inputs' gradients. */
const layers = [
  [300, 784],
  [100, 300],
  [100, 100],
] as const

/** The products of the chapter's networks at batch 32 (forward; gradients of weights and inputs), squares, few rows. */
const shapes: readonly Shape[] = [
  nn(32, 300, 784),
  { m: 784, n: 300, k: 32, form: "tn" },
  nn(32, 100, 300),
  { m: 300, n: 100, k: 32, form: "tn" },
  { m: 32, n: 300, k: 100, form: "nt" },
  nn(32, 100, 100),
  { m: 100, n: 100, k: 32, form: "tn" },
  { m: 32, n: 100, k: 100, form: "nt" },
  nn(32, 10, 100),
  nn(512, 300, 784),
  ...[64, 128, 256, 512, 1024, 2048].map(n => nn(n, n, n)),
  ...[1, 4, 8].flatMap(m => layers.map(([n, k]) => nn(m, n, k))),
  ...(["nt", "tn"] as const).flatMap(form => [1, 4].flatMap(m => layers.map(([k, n]) => ({ m, n, k, form })))),
]

const quickShapes: readonly Shape[] = [nn(32, 300, 784), nn(256, 256, 256), nn(1, 300, 784)]

const threads = 2

/** Products by shape in GFLOP/s, and how near they come to what registers alone allow. */
export async function gemm(options: SuiteOptions): Promise<Report[]> {
  const rows: Cell[][] = []
  const beside = options.python !== null
  for (const shape of options.quick ? quickShapes : shapes) rows.push(await row(shape, options))
  const ours = ["TypeScript", "1 thread", `${threads} threads`, "ceiling", "of ceiling", "threads"]
  return [
    {
      title: "Matrix products, GFLOP/s (best of all rounds)",
      header: ["m x k x n", "form", ...ours, ...(beside ? ["torch 1", "torch 2", "to torch 1", "to torch 2"] : [])],
      rows,
      notes: [
        "ceiling: the same multiplications and additions in registers alone, one thread. of ceiling: 1 thread to it.",
        `threads: ${threads} threads to 1. form: t marks an operand that is stored transposed.`,
      ],
    },
  ]
}

async function row(shape: Shape, options: SuiteOptions): Promise<Cell[]> {
  const { m, n, k, form } = shape
  const flops = 2 * m * n * k
  const ceiling = ceilingOf(options)
  const peers = options.python === null ? [] : torchPeers(options.python, shape)
  const contestants = [typescript(shape), wasm(shape, 1), wasm(shape, threads), ceiling, ...peers]
  try {
    const timings = await measure(contestants, {
      rounds: options.quick ? 5 : 9,
      turn: Math.max(options.quick ? 40 : 100, flops / 1e7),
    })
    const [script = 0, one = 0, more = 0, limit = 0, torch1, torch2] = timings.map(({ best }, i) =>
      i === 3 ? ceiling.flopsPerRun / best / 1e6 : flops / best / 1e6,
    )
    const cells: Cell[] = [`${m} x ${k} x ${n}`, form, script, one, more, limit, one / limit, more / one]
    return torch1 && torch2 ? [...cells, torch1, torch2, one / torch1, more / torch2] : cells
  } finally {
    for (const peer of peers) peer.close()
  }
}

function multiply({ m, n, k, form }: Shape, times: number): number {
  const contents = [numbers(m * k), numbers(k * n, 613), new Float32Array(m * n)]
  return timedInStep(contents, ([a, b, c]) => {
    if (!a || !b || !c) return
    const forms = { transposeA: form[0] === "t", transposeB: form[1] === "t" }
    for (let t = 0; t < times; t++) product(a, b, c, m, n, k, forms)
  })
}

function wasm(shape: Shape, count: number): Contestant {
  return {
    name: `${count} threads`,
    run(times) {
      setThreads(count)
      return multiply(shape, times)
    },
  }
}

function typescript(shape: Shape): Contestant {
  return {
    name: "TypeScript",
    run(times) {
      const [m, n, k, form] = [shape.m, shape.n, shape.k, shape.form]
      const [a, b, c] = [numbers(m * k), numbers(k * n, 613), new Float32Array(m * n)]
      setThreads(1)
      setKernels("typescript")
      const start = performance.now()
      for (let t = 0; t < times; t++) {
        product(a, b, c, m, n, k, { transposeA: form[0] === "t", transposeB: form[1] === "t" })
      }
      setKernels("wasm")
      return performance.now() - start
    },
  }
}

const turns = 20_000

function ceilingOf({ width, arithmetic }: SuiteOptions): Contestant & { readonly flopsPerRun: number } {
  const { run, flopsPerTurn } = registerLoop({ width, fused: arithmetic === "fused" })
  return {
    name: "ceiling",
    flopsPerRun: turns * flopsPerTurn,
    run(times) {
      for (let t = 0; t < times; t++) run(0, 0, turns)
      return undefined
    },
  }
}

function torchPeers(python: string, { m, n, k, form }: Shape): Peer[] {
  const program = fileURLToPath(new URL("../peers/torch_gemm.py", import.meta.url))
  const peer = (count: number) =>
    new Peer(`torch ${count}`, python, [program, ...[m, n, k, count].map(String), form], {
      OMP_NUM_THREADS: `${count}`,
    })
  return [peer(1), peer(threads)]
}
