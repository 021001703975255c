import { describe, OptionError } from "../errors.ts"
import { gemm, raceTiles } from "./gemm.ts"
import { gemmLoop } from "./gemmLoop.ts"
import { environment, nodeProcess } from "./host.ts"
import { type Arithmetic, checkArithmetic, instructions, setInstructions } from "./mode.ts"
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
 * instructions, which it calls revectorisation and does when its flag is set. Results have the same bits. The first call
 * takes about 0.1 s: tiles of products race, and the fastest is tested against the plain loop; where anything is missing or
 * differs, kernels stay at 128 bits and the reason is told.
 *
 * @throws OptionError for anything but 128 or 256.
 */
export function setVectorWidth(bits: 128 | 256): VectorWidth {
  if (bits !== 128 && bits !== 256) {
    throw new OptionError(`setVectorWidth: the width must be 128 or 256 bits, got ${describe(bits)}`)
  }
  const reason = bits === 256 ? widen() : ""
  if (bits === 128 || reason !== "") setInstructions({ width: 128 })
  return { bits: instructions().width, reason }
}

let considered = false
let raced = false

/** Does what the environment variable `SELVEDGE_WIDE=1` asks for, once, and says so where it cannot be done. */
export function widenIfAsked(): void {
  if (considered) return
  considered = true
  if (environment("SELVEDGE_WIDE") !== "1" || instructions().width === 256) return
  const { reason } = setVectorWidth(256)
  if (reason !== "") console.warn(`SELVEDGE_WIDE=1: computing with vectors of 128 bits: ${reason}`)
}

function widen(): string {
  const process = nodeProcess()
  const v8 = process?.getBuiltinModule?.("node:v8")
  const major = Number(process?.versions.node?.split(".")[0] ?? 0)
  if (v8 === undefined || major < 22) return "wide kernels need Node 22 or later"
  v8.setFlagsFromString("--experimental-wasm-revectorize")
  setInstructions({ width: 256 })
  if (kernelsDenied() !== null) return `WebAssembly is not available: ${kernelsDenied()}`

  if (!raced) raceTiles()
  raced = true
  return agrees() ? "" : "the wide kernels of this engine gave other results than the narrow ones"
}

/** Whether a product with edges in every direction has the bits that the plain loop gives. */
function agrees(): boolean {
  const [m, n, k] = [39, 53, 71]
  const fill = (size: number, step: number) =>
    Float32Array.from({ length: size }, (_, i) => ((i * step) % 1009) / 1009 - 0.5)
  const [a, b, got, want] = [fill(m * k, 613), fill(k * n, 401), new Float32Array(m * n), new Float32Array(m * n)]
  const fused = instructions().arithmetic === "fused"
  if (fused) setInstructions({ arithmetic: "portable" })
  gemm(a, b, got, m, n, k)
  gemmLoop(a, b, want, m, n, k)
  if (fused) setInstructions({ arithmetic: "fused" })
  return got.every((value, i) => value === want[i])
}

/**
 * Chooses how products are summed: `"portable"` (the default) rounds product and sum each and gives the same bits on every
 * engine; `"fused"` rounds once per step where the engine can, which is faster and changes last bits.
 *
 * @returns what is in use now: `"portable"` where the engine has no fused instruction.
 * @throws OptionError for any other value.
 */
export function setArithmetic(arithmetic: Arithmetic): Arithmetic {
  const asked = checkArithmetic(arithmetic)
  setInstructions({ arithmetic: asked === "fused" && fuses() ? "fused" : "portable" })
  return instructions().arithmetic
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
