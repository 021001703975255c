import { type Buffer, takeBlank } from "../storage.ts"
import { addGemmKernels, type GemmTile, gemmLayout, gemmPlan, gemmWords } from "./gemm/index.ts"
import { gemmLoop, type ProductOptions } from "./gemmLoop.ts"
import { v8Version } from "./host.ts"
import { getKernels, type Instructions, instructions } from "./mode.ts"
import { Program } from "./program.ts"
import { type Parameter, runKernel } from "./twin.ts"
import type { KernelArgument } from "./vectorized.ts"
import type { ModuleBuilder } from "./wasm/index.ts"

export type { ProductOptions } from "./gemmLoop.ts"

/** The tile that fits the registers: wider vectors hold a wider one, and from V8 13 on it may be unrolled. */
function tileOf({ width }: Instructions): GemmTile {
  if (width === 128) return "4x8"
  return v8Version() >= 13 ? "4x16u4" : "4x16"
}

// Apart, because a program is assembled whole: networks that never see single rows need not pay for the second.
const manyRows = new Program("gemm", (m, use) => emit(m, tileOf(use), use))
const fewRows = new Program("gemmRow", (m, use) => emit(m, "row", use))

function emit(m: ModuleBuilder, tile: GemmTile | "row", { arithmetic }: Instructions): void {
  addGemmKernels(m, m.global("scratch", "i32"), [tile], arithmetic)
}

/** Products with fewer multiplications are left to the loop, which has the same bits and no dispatch. */
const leastWork = 256
/** Multiplications from which threads pay. */
const parallelWork = 150_000

/**
 * C = op(A) op(B), or C += op(A) op(B).                          [m, k] [k, n] -> [m, n], row-major
 *
 * Every element of C is its products summed in order of k from zero, product and sum each rounded to the buffers'
 * precision, and only then added to C: no kernel, tile size or thread count changes a bit of it.
 */
export function gemm(
  a: Buffer,
  b: Buffer,
  c: Buffer,
  m: number,
  n: number,
  k: number,
  options: ProductOptions = {},
): void {
  const work = m * n * k
  const asked = options.accumulate === true && takeBlank(c) ? { ...options, accumulate: false } : options
  if (work < leastWork || getKernels() === "typescript" || !runWasm(a, b, c, m, n, k, asked)) {
    gemmLoop(a, b, c, m, n, k, asked)
  }
}

function runWasm(a: Buffer, b: Buffer, c: Buffer, m: number, n: number, k: number, options: ProductOptions): boolean {
  if (!(a instanceof Float32Array && b instanceof Float32Array && c instanceof Float32Array)) return false
  const { kernel: name, units, args } = planOf(m, n, k, options.transposeA ?? false, options.transposeB ?? false)
  const kernel = (name.startsWith("gemm_row") ? fewRows : manyRows).kernel(name)
  if (kernel === null) return false
  const accumulate = options.accumulate ?? false
  args[0] = a
  args[1] = b
  args[2] = c
  args[accumulateWord] = accumulate
  const done = runKernel(kernel, accumulate ? updating : writing, args, units, m * n * k < parallelWork ? units : 1)
  args.fill(0, 0, 3)
  return done
}

const names = Object.keys(gemmLayout)
const accumulateWord = names.indexOf("accumulate")
const numbers = names.slice(3).map((): Parameter => "int")
const writing: readonly Parameter[] = ["in", "in", "out", ...numbers]
const updating: readonly Parameter[] = ["in", "in", "inout", ...numbers]

interface Planned {
  readonly kernel: string
  readonly units: number
  /** The argument block, in which the buffers and the accumulate flag are still open. */
  readonly args: KernelArgument[]
}

const plans = new Map<number, Planned>()

/** A network asks for the same few products over and over. */
function planOf(m: number, n: number, k: number, transposeA: boolean, transposeB: boolean): Planned {
  const tile = tileOf(instructions())
  const form = (tile === "4x8" ? 0 : 4) + (transposeA ? 2 : 0) + (transposeB ? 1 : 0)
  // Larger sizes would spill into each other's place in the key.
  const keyed = m < 8192 && n < 8192 && k < 8192
  const key = ((m * 8192 + n) * 8192 + k) * 8 + form
  const known = keyed ? plans.get(key) : undefined
  if (known !== undefined) return known
  const plan = gemmPlan({ m, n, k, transposeA, transposeB }, tile)
  const planned = { kernel: plan.kernel, units: plan.units, args: gemmWords(plan, 0, 0, 0, false) }
  if (keyed && plans.size < 4096) plans.set(key, planned)
  return planned
}
