import { checkBoolean, checkKeys, checkNumber, describe, OptionError, ShapeError } from "../errors.ts"
import { type Buffer, takeBlank } from "../storage.ts"
import { addGemmKernels, type GemmTile, gemmLayout, gemmPlan, gemmWords } from "./gemm/index.ts"
import { gemmLoop, type ProductOptions } from "./gemmLoop.ts"
import { getKernels, type Instructions, instructions } from "./mode.ts"
import { Program } from "./program.ts"
import { finishRuns } from "./queue.ts"
import { type Parameter, runKernel } from "./twin.ts"
import { atOnce, type KernelArgument } from "./vectorized.ts"

export type { ProductOptions } from "./gemmLoop.ts"

/** The tiles for vectors of 256 bits. Which is faster depends on the engine: `raceTiles` finds out. */
const wideTiles = ["4x16", "4x16u4"] as const
let wideTile: GemmTile = wideTiles[0]

/** The tile that fits the registers: wider vectors hold a wider one. */
const tileOf = ({ width }: Instructions): GemmTile => (width === 128 ? "4x8" : wideTile)

// Apart, because a program is assembled whole: networks that never see single rows need not pay for the kernels of those.
const programs = new Map<GemmTile | "row", Program>()

function programOf(tile: GemmTile | "row"): Program {
  let program = programs.get(tile)
  if (program === undefined) {
    program = new Program(`gemm ${tile}`, (m, { arithmetic }) => {
      addGemmKernels(m, m.global("scratch", "i32"), [tile], arithmetic)
    })
    programs.set(tile, program)
  }
  return program
}

/** Milliseconds in which the optimising compiler, which alone makes wide code, has finished the tiles. */
const raceTime = 100

/**
 * Runs a small product with each tile for wide vectors, in turns until all are compiled and warm, and from now on takes
 * the fastest. All give the same bits.
 */
export function raceTiles(): void {
  // Small enough to stay on this thread.
  const [m, n, k] = [32, 64, 64]
  const [a, b, c] = [new Float32Array(m * k), new Float32Array(k * n), new Float32Array(m * n)]
  const times = wideTiles.map(() => Infinity)
  const end = performance.now() + raceTime
  for (let start = 0; start < end; ) {
    for (const [i, tile] of wideTiles.entries()) {
      wideTile = tile
      start = performance.now()
      // Without and with this, A is read by two different functions.
      for (const transposeA of [false, true]) gemm(a, b, c, m, n, k, { transposeA })
      times[i] = Math.min(times[i], performance.now() - start)
    }
  }
  wideTile = wideTiles[times.indexOf(Math.min(...times))]
}

/** Products with fewer multiplications are left to the loop, which has the same bits and no dispatch. */
const leastWork = 256
/** Multiplications from which threads pay. */
const parallelWork = 150_000

type Product = (a: Buffer, b: Buffer, c: Buffer, m: number, n: number, k: number, options?: ProductOptions) => void

const product =
  (free: boolean): Product =>
  (a, b, c, m, n, k, options = {}) => {
    const accumulate = options.accumulate === true && !takeBlank(c)
    const addend = accumulate ? c : (options.bias ?? null)
    const loop = m * n * k < leastWork || getKernels() === "typescript"
    if (!loop && runWasm(a, b, c, m, n, k, options, addend, free)) return
    finishRuns()
    gemmLoop(a, b, c, m, n, k, options, addend)
  }

/** `gemmAtOnce`, which within a step may still be running when this returns, see `finishRuns`. */
export const gemm = product(false)

/**
 * C = op(A) op(B), bias + op(A) op(B), or C += op(A) op(B).      [m, k] [k, n] -> [m, n], row-major
 *
 * Every element of C is its products summed in order of k from zero, product and sum each rounded to the buffers'
 * precision, and only then added to C or bias: no kernel, tile size or thread count changes a bit of it.
 *
 * @throws ShapeError for a buffer of another kind or size; OptionError for an unknown option, or both `accumulate` and `bias`.
 */
export const gemmAtOnce: Product = atOnce((a, b, c, m, n, k, options = {}) => {
  checkKeys("gemm", options, optionNames)
  const { transposeA = false, transposeB = false, accumulate = false, bias = null } = options
  for (const size of [m, n, k]) checkNumber("gemm", "a size", size, wholeNumber)
  checkBuffer("a", a, checkBoolean("gemm", "transposeA", transposeA) ? [k, m] : [m, k])
  checkBuffer("b", b, checkBoolean("gemm", "transposeB", transposeB) ? [n, k] : [k, n])
  checkBuffer("c", c, [m, n])
  if (bias) checkBuffer("bias", bias, [1, n])
  const adds = checkBoolean("gemm", "accumulate", accumulate)
  if (adds && bias) throw new OptionError("gemm: takes accumulate or bias, not both")
  gemm(a, b, c, m, n, k, options)
})

const optionNames = ["transposeA", "transposeB", "accumulate", "bias"]
const wholeNumber = { min: 0, integer: true }

function checkBuffer(name: string, buffer: Buffer, [rows, columns]: [number, number]): void {
  const isBuffer = buffer instanceof Float32Array || buffer instanceof Float64Array
  if (isBuffer && buffer.length === rows * columns) return
  const got = isBuffer ? `${buffer.length}` : describe(buffer)
  const rule = `a Float32Array or Float64Array of ${rows * columns} numbers`
  throw new ShapeError(`gemm: ${name} must be ${rule}, got ${got}`, { facts: { [name]: [rows, columns] } })
}

/**
 * Like `gemm`, but no kernel waits for it: until `finishRuns` nobody may look at C or change A or B, kernels included.
 */
export const gemmFree = product(true)

type Run = (...product: [...Required<Parameters<Product>>, addend: Buffer | null, free: boolean]) => boolean

const runWasm: Run = (a, b, c, m, n, k, options, addend, free) => {
  if (!(a instanceof Float32Array && b instanceof Float32Array && c instanceof Float32Array)) return false
  const tile = tileOf(instructions())
  const { transposeA = false, transposeB = false } = options
  const { kernel: name, units, args } = planOf(tile, m, n, k, transposeA, transposeB)
  const kernel = programOf(name.startsWith("gemm_row") ? "row" : tile).kernel(name)
  if (kernel === null) return false
  args[0] = a
  args[1] = b
  args[2] = c
  args[3] = addend ?? 0
  args[addendStepWord] = addend === c ? 4 * n : 0
  const grain = m * n * k < parallelWork ? units : 1
  const done = runKernel(kernel, parameters, args, units, grain, false, free)
  args.fill(0, 0, 4)
  return done
}

const names = Object.keys(gemmLayout)
const addendStepWord = names.indexOf("addendStep")
const parameters: readonly Parameter[] = ["in", "in", "out", "in", ...names.slice(4).map((): Parameter => "int")]

interface Planned {
  readonly kernel: string
  readonly units: number
  /** The argument block, in which the buffers and the addend's step are still open. */
  readonly args: KernelArgument[]
}

const plansOf = { "4x8": new Map(), "4x16": new Map(), "4x16u4": new Map() } as Record<GemmTile, Map<number, Planned>>

/** A network asks for the same few products over and over. */
function planOf(tile: GemmTile, m: number, n: number, k: number, transposeA: boolean, transposeB: boolean): Planned {
  const form = (transposeA ? 2 : 0) + (transposeB ? 1 : 0)
  const plans = plansOf[tile]
  // Larger sizes would spill into each other's place in the key.
  const keyed = m < 8192 && n < 8192 && k < 8192
  const key = ((m * 8192 + n) * 8192 + k) * 4 + form
  const known = keyed ? plans.get(key) : undefined
  if (known !== undefined) return known
  const plan = gemmPlan({ m, n, k, transposeA, transposeB }, tile)
  const planned = { kernel: plan.kernel, units: plan.units, args: gemmWords(plan, 0, 0, 0) }
  if (keyed && plans.size < 4096) plans.set(key, planned)
  return planned
}
