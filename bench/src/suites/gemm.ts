import { gemm as product, setKernels, setThreads } from "@selvedge/core"
import { type Contestant, measure } from "../measure.ts"
import type { Report, SuiteOptions } from "../suite.ts"

/** m, n, k of the products of the chapter's networks at batch 32, squares, and a single row. */
const shapes: readonly (readonly [m: number, n: number, k: number])[] = [
  [32, 300, 784],
  [32, 100, 300],
  [32, 100, 100],
  [32, 10, 100],
  [784, 300, 32],
  [1, 300, 784],
  [64, 64, 64],
  [256, 256, 256],
  [1024, 1024, 1024],
]

/** Products by shape, in GFLOP/s. The last column is the packed TypeScript product against the plain three loops. */
export async function gemm({ quick }: SuiteOptions): Promise<Report> {
  const rows = []
  for (const [m, n, k] of quick ? shapes.slice(-3) : shapes) {
    const timings = await measure(contestants(m, n, k), { rounds: quick ? 3 : 7, turn: quick ? 50 : 150 })
    const speed = timings.map(t => (2 * m * n * k) / t.best / 1e6)
    rows.push([`${m} x ${k} x ${n}`, ...speed, (speed[1] ?? 0) / (speed[0] ?? 1)])
  }
  return {
    title: "Matrix products, GFLOP/s",
    header: ["m x k x n", "three loops", "packed", "packed / loops"],
    rows,
    notes: [],
  }
}

function contestants(m: number, n: number, k: number): Contestant[] {
  const fill = (size: number) => Float32Array.from({ length: size }, (_, i) => ((i * 7919) % 1000) / 1000 - 0.5)
  const [a, b, c] = [fill(m * k), fill(k * n), new Float32Array(m * n)]
  return [
    {
      name: "three loops",
      run(times) {
        for (let t = 0; t < times; t++) threeLoops(a, b, c, m, n, k)
        return undefined
      },
    },
    {
      name: "packed",
      run(times) {
        setThreads(1)
        setKernels("typescript")
        for (let t = 0; t < times; t++) product(a, b, c, m, n, k)
        setKernels("wasm")
        return undefined
      },
    },
  ]
}

/** The product as everybody writes it first. */
function threeLoops(a: Float32Array, b: Float32Array, c: Float32Array, m: number, n: number, k: number): void {
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      let sum = 0
      for (let p = 0; p < k; p++) sum += (a[i * k + p] ?? 0) * (b[p * n + j] ?? 0)
      c[i * n + j] = sum
    }
  }
}
