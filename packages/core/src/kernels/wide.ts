import { checkChoice, describe, OptionError } from "../errors.ts"
import { gemm, raceTiles } from "./gemm.ts"
import { environment, nodeProcess } from "./host.ts"
import { type Arithmetic, arithmetics, getKernels, instructions, setInstructions } from "./mode.ts"
import { kernelsDenied } from "./program.ts"
import { f32x4, ModuleBuilder, wasmEngine } from "./wasm/index.ts"

/** How wide vectors are, and why not wider when more was asked for. */
export interface VectorWidth {
  readonly bits: 128 | 256
  /** "" when it is what was asked for. */
  readonly reason: string
}

/**
 * Asks for kernels with vectors of 256 bits: V8 from version 12 on (Node 22 and later) can fuse pairs of 128-bit
 * instructions, which it calls revectorisation and does when its flag is set. Results have the same bits. It takes
 * about 0.15 s: tiles of products race, and what the fastest gives is compared with the narrow kernels' results; where
 * anything is missing or differs, kernels stay at 128 bits and the reason is told.
 *
 * @throws OptionError for anything but 128 or 256.
 */
export function setVectorWidth(bits: 128 | 256): VectorWidth {
  if (bits !== 128 && bits !== 256) {
    throw new OptionError(`setVectorWidth: the width must be 128 or 256 bits, got ${describe(bits)}`)
  }
  considered = true
  if (bits === instructions().width) return { bits, reason: "" }
  const reason = bits === 256 ? widen() : ""
  if (instructions().width === 256 && (bits === 128 || reason !== "")) switchTo(128)
  return { bits: instructions().width, reason }
}

let considered = false

/** Does what the environment variable `SELVEDGE_WIDE=1` asks for, once, and says so where it cannot be done. */
export function widenIfAsked(): void {
  if (considered) return
  considered = true
  if (environment("SELVEDGE_WIDE") === "1") widenOrWarn("SELVEDGE_WIDE=1")
}

function widenOrWarn(asked: string): void {
  const { reason } = setVectorWidth(256)
  if (reason !== "") console.warn(`${asked}: computing with vectors of 128 bits: ${reason}`)
}

/** Sets V8's flag for code optimised from now on, and that all be compiled again. @returns whether V8 has the flag. */
function switchTo(width: 128 | 256): boolean {
  const process = nodeProcess()
  const v8 = process?.getBuiltinModule?.("node:v8")
  if (v8 === undefined || Number(process?.versions.node?.split(".")[0]) < 22) return false
  v8.setFlagsFromString(`--${width === 256 ? "" : "no-"}experimental-wasm-revectorize`)
  setInstructions({ width })
  return true
}

function widen(): string {
  if (getKernels() === "typescript") return 'the plain loops compute: setKernels("wasm") comes first'
  const wanted = products()
  if (kernelsDenied() !== null) return `WebAssembly is not available: ${kernelsDenied()}`
  if (!switchTo(256)) return "wide kernels need Node 22 or later"
  raceTiles()
  if (products().every((x, i) => x === wanted[i])) return ""
  return "the wide kernels of this engine gave other results than the narrow ones"
}

/** Products with edges in every direction, in all four forms, by the kernels in use. */
function products(): Float32Array {
  const [m, n, k] = [39, 53, 71]
  const factor = (step: number) => Float32Array.from({ length: n * k }, (_, i) => ((i * step) % 1009) / 1009 - 0.5)
  const [a, b, c] = [factor(613), factor(401), new Float32Array(4 * m * n)]
  for (const [i, transposeA] of [false, true, false, true].entries()) {
    gemm(a, b, c.subarray(i * m * n, (i + 1) * m * n), m, n, k, { transposeA, transposeB: i > 1 })
  }
  return c
}

/**
 * Chooses how products are summed: `"portable"` (the default) rounds product and sum each and gives the same bits on every
 * engine; `"fused"` rounds once per step where the engine can, which is faster and changes last bits.
 *
 * @returns what is in use now: `"portable"` where the engine has no fused instruction.
 * @throws OptionError for any other value.
 */
export function setArithmetic(arithmetic: Arithmetic): Arithmetic {
  const asked = checkChoice("setArithmetic", "arithmetic", arithmetic, arithmetics)
  const next = asked === "fused" && fuses() ? "fused" : "portable"
  const { width, arithmetic: before } = instructions()
  if (next === before) return next
  // Wide kernels of each arithmetic are tested for themselves.
  if (width === 256) switchTo(128)
  setInstructions({ arithmetic: next })
  if (width === 256) widenOrWarn("setArithmetic")
  return next
}

/** How products are summed now. */
export function getArithmetic(): Arithmetic {
  return instructions().arithmetic
}

/**
 * Whether the relaxed multiply-add of this engine is fused. That it compiles proves nothing, so operands decide whose fused
 * and unfused results differ: (1 + e)(1 - e) - 1 is -e² when rounded once, 0 when the product is rounded first.
 */
function fuses(): boolean {
  const engine = wasmEngine()
  if (engine === null) return false
  const m = new ModuleBuilder("probe", { min: 1 })
  m.kernel("probe", { x: "f32", y: "f32" }, (f, { x, y }, begin) => {
    const sum = f32x4.relaxed_madd(f32x4.splat(x), f32x4.splat(y), f32x4.const(-1))
    f.v128.store(begin, sum)
  })
  try {
    const memory = new engine.Memory({ initial: 1 })
    const { exports } = new engine.Instance(new engine.Module(m.assemble()), { env: { memory } })
    const floats = new Float32Array(memory.buffer)
    floats.set([1.000244140625, 0.999755859375])
    if (typeof exports.probe === "function") exports.probe(0, 64, 0)
    return floats[16] !== 0 && floats[16] !== undefined
  } catch {
    return false
  }
}
