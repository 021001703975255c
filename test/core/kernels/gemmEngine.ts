import {
  addGemmKernels,
  type GemmArithmetic,
  type GemmShape,
  type GemmTile,
  gemmPlan,
  gemmWords,
} from "../../../packages/core/src/kernels/gemm/index.ts"
import { scratchBytes } from "../../../packages/core/src/kernels/pool.ts"
import { ModuleBuilder, wasmEngine } from "../../../packages/core/src/kernels/wasm/index.ts"

/** A product engine with a memory of its own. */
export interface Gemm {
  /** The memory, as floats. The first `reserved` of them are the engine's. */
  readonly floats: Float32Array
  readonly reserved: number
  /**
   * Plans a product of operands at the indices `a`, `b`, `c` of `floats`, added to a matrix at the index `addend` if there
   * is one, with `addendStep` floats from row to row; and gives a function that computes it, or some of its work units only.
   */
  prepare(shape: GemmShape, a: number, b: number, c: number, addend?: number, addendStep?: number): PreparedGemm
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
  addGemmKernels(m, m.global("scratch", "i32"), ["row", tile], arithmetic)
  const memory = new engine.Memory({ initial: pages, maximum: pages, shared })
  const { exports } = new engine.Instance(new engine.Module(m.assemble()), { env: { memory } })
  const words = new Int32Array(memory.buffer)
  const argumentBytes = 4096
  const { scratch } = exports
  if (typeof scratch === "object") scratch.value = argumentBytes
  return {
    floats: new Float32Array(memory.buffer),
    reserved: (argumentBytes + scratchBytes) / 4,
    prepare(shape, a, b, c, addend = 0, addendStep = 0) {
      const plan = gemmPlan(shape, tile)
      const kernel = exports[plan.kernel]
      if (typeof kernel !== "function") throw new Error(`createGemm: no kernel "${plan.kernel}"`)
      const block = gemmWords(plan, 4 * a, 4 * b, 4 * c, 4 * addend, 4 * addendStep)
      return (begin = 0, end = plan.units) => {
        words.set(block)
        kernel(0, begin, end)
      }
    },
  }
}
