/**
 * Matrix products in WebAssembly: C = op(A) op(B) or C = C + op(A) op(B), row-major float32.
 *
 * Each element is one sum in one order: it starts from +0, products are added with k increasing, each product and each
 * sum rounded to float32 (`"portable"`; `"fused"` rounds once per step); with `accumulate` the finished sum is added to
 * the old element. No tile, packing, block or partition changes that order, so all give the same bits, and so does a
 * plain loop with `Math.fround`.
 *
 *     const m = new ModuleBuilder("kernels", memory)
 *     addGemm(m, m.global("scratch", "i32"), ["4x8"], "portable")
 *     ...
 *     const plan = gemmPlan({ m: 32, n: 300, k: 784 }, "4x8")
 *     words.set(gemmWords(plan, a, b, c, false), args / 4)         // byte addresses in linear memory
 *     exports[plan.kernel](args, 0, plan.units)                    // or [begin, end) of it, on any thread
 */
import { type GlobalReference, type Kernel, ModuleBuilder, wasmEngine } from "../wasm/index.ts"
import { gemmLayout } from "./layout.ts"
import { addPackers } from "./panel.ts"
import { type GemmPlan, type GemmShape, type GemmTile, gemmKernelName, gemmPlan, gemmTiles, rowTile } from "./plan.ts"
import { addProduct } from "./product.ts"
import type { GemmArithmetic } from "./tile.ts"

export { gemmLayout } from "./layout.ts"
export { type GemmPlan, type GemmShape, type GemmTile, gemmPlan, gemmTiles } from "./plan.ts"
export type { GemmArithmetic } from "./tile.ts"

/** Bytes of private memory that the kernels need at the address in `scratch`. */
export const gemmScratchBytes = 1 << 20

/**
 * Adds all product kernels that `gemmPlan` can name for some tiles: those for few rows, and for each tile those for more;
 * each for A with contiguous rows and with contiguous columns.
 */
export function addGemm(
  m: ModuleBuilder,
  scratch: GlobalReference<"i32">,
  tiles: readonly GemmTile[],
  arithmetic: GemmArithmetic,
): Kernel[] {
  return addGemmKernels(m, scratch, ["row", ...tiles], arithmetic)
}

/** Adds the kernels of the given tiles only; `"row"` stands for those for few rows. */
export function addGemmKernels(
  m: ModuleBuilder,
  scratch: GlobalReference<"i32">,
  tiles: readonly (GemmTile | "row")[],
  arithmetic: GemmArithmetic,
): Kernel[] {
  const packers = addPackers(m)
  return tiles.flatMap(tile => {
    const shape = { ...(tile === "row" ? rowTile : gemmTiles[tile]), arithmetic }
    return [false, true].map(transposeA =>
      addProduct(m, gemmKernelName(tile, transposeA), shape, transposeA, packers, scratch),
    )
  })
}

/** The argument block of a planned product, for operands at the given byte addresses. */
export function gemmWords(plan: GemmPlan, a: number, b: number, c: number, accumulate: boolean): number[] {
  const words = { ...plan.words, a, b, c, accumulate: accumulate ? 1 : 0 }
  const names = Object.keys(gemmLayout) as (keyof typeof gemmLayout)[]
  return names.map(name => words[name])
}

/** A product engine with a memory of its own. */
export interface Gemm {
  /** The memory, as floats. The first `reserved` of them are the engine's. */
  readonly floats: Float32Array
  readonly reserved: number
  /**
   * Plans a product of operands at the indices `a`, `b`, `c` of `floats`, and gives a function that computes it, or some
   * of its work units only.
   */
  prepare(shape: GemmShape, a: number, b: number, c: number, accumulate?: boolean): PreparedGemm
}

/** Computes the work units [begin, end) of a product, by default all. */
export type PreparedGemm = (begin?: number, end?: number) => void

/** How a standalone engine is made. */
export interface GemmOptions {
  readonly tile?: GemmTile
  readonly arithmetic?: GemmArithmetic
  readonly shared?: boolean
  /** Size of its memory in pages of 64 KiB. */
  readonly pages?: number
}

/**
 * A standalone engine, for tests and benches.
 * @throws Error where there is no WebAssembly, or the engine does not know fixed-width (or relaxed) SIMD.
 */
export function createGemm(options: GemmOptions = {}): Gemm {
  const { tile = "4x8", arithmetic = "portable", shared = false, pages = 256 } = options
  const engine = wasmEngine()
  if (!engine) throw new Error("createGemm: this engine has no WebAssembly")
  const m = new ModuleBuilder("gemm", { min: pages, max: pages, shared })
  addGemm(m, m.global("scratch", "i32"), [tile], arithmetic)
  const memory = new engine.Memory({ initial: pages, maximum: pages, shared })
  const { exports } = new engine.Instance(new engine.Module(m.assemble()), { env: { memory } })
  const words = new Int32Array(memory.buffer)
  const argumentBytes = 4096
  const { scratch } = exports
  if (typeof scratch === "object") scratch.value = argumentBytes
  return {
    floats: new Float32Array(memory.buffer),
    reserved: (argumentBytes + gemmScratchBytes) / 4,
    prepare(shape, a, b, c, accumulate = false) {
      const plan = gemmPlan(shape, tile)
      const kernel = exports[plan.kernel]
      if (typeof kernel !== "function") throw new Error(`createGemm: no kernel "${plan.kernel}"`)
      const block = gemmWords(plan, 4 * a, 4 * b, 4 * c, accumulate)
      return (begin = 0, end = plan.units) => {
        words.set(block)
        kernel(0, begin, end)
      }
    },
  }
}
