import { setFlagsFromString } from "node:v8"
import { wasm } from "@selvedge/core"

const { f32x4, i32, ModuleBuilder, v128, wasmEngine } = wasm

/** A function of a bench's own module: what it does is in its name. */
export type Run = (args: number, begin: number, end: number) => void

/** How much the bare loops unroll and which instructions they take; as the library's kernels do. */
export interface Instructions {
  readonly width: 128 | 256
  readonly fused: boolean
}

const sumsAddress = 4096

export interface RegisterLoop {
  readonly run: Run
  readonly flopsPerTurn: number
  /** What the sums are now. */
  sums(): Float32Array
}

/**
 * The ceiling of every product: the arithmetic of one tile, 4 x 8 or 4 x 16 sums, in registers alone. A call does
 * `end` turns of 2 * 4 * columns operations. The columns take turns, so that no compiler can compute a product once
 * for all turns. Product and sum alternate: here, unlike in the kernels, that is quicker (Node 26: by a quarter).
 */
export function registerLoop(use: Instructions): RegisterLoop {
  const columns = use.width === 256 ? 16 : 8
  const m = new ModuleBuilder(`ceiling ${use.width} ${use.fused}`, { min: 1 })
  m.kernel("ceiling", {}, (f, _, begin, end) => {
    const at = f.let("at", i32.const(sumsAddress))
    const vectors = Array.from({ length: columns / 4 }, (_v, v) => v)
    const a = [0, 1, 2, 3].map(r => f.let(`a${r}`, v128.load32_splat(begin, 64 + 4 * r)))
    const b = vectors.map(v => f.let(`b${v}`, v128.load(at, 2048 + 16 * v)))
    const sums = a.map((_r, r) => vectors.map(v => f.let(`sum${r}${v}`, v128.load(at, 16 + 4 * columns * r + 16 * v))))
    const turn = f.local("i32", "turn")
    f.for(turn, begin, end, 1, () => {
      for (const [r, row] of sums.entries()) {
        for (const [v, sum] of row.entries()) {
          const [left, right] = [a[r]!, b[v]!]
          f.set(sum, use.fused ? f32x4.relaxed_madd(left, right, sum) : f32x4.add(sum, f32x4.mul(left, right)))
        }
      }
      rotate(f, b)
    })
    f.storeVectors(at, sums.flat(), 16)
  })
  const { instance, memory } = instantiate(m, use.width)
  new Float32Array(memory.buffer).fill(1e-3)
  const sums = () => new Float32Array(memory.buffer, sumsAddress + 16, 4 * columns).slice()
  return { run: functionOf(instance, "ceiling"), flopsPerTurn: 8 * columns, sums }
}

type Builder = wasm.FunctionBuilder
type Vector = wasm.Local<"v128">

/** The first half of the columns becomes the second and the other way round. */
function rotate(f: Builder, b: readonly Vector[]): void {
  const half = b.length / 2
  for (let v = 0; v < half; v++) {
    const [low, high] = [b[v], b[v + half]]
    if (low === undefined || high === undefined) continue
    const kept = f.let("kept", low)
    f.set(low, high)
    f.set(high, kept)
  }
}

/** How many buffers an operation only reads, only writes, and reads and writes. */
export interface Streams {
  readonly read: number
  readonly write: number
  readonly update: number
}

export interface CopyLoop {
  readonly run: Run
  /** The first numbers of a stream: those that are read come first, then those written, then those updated. */
  stream(index: number, length: number): Float32Array
}

/**
 * What memory allows: a loop that moves as many streams as an operation does and computes nothing that could slow it.
 * Stream `s` of `n` elements begins at byte 65536 + s * stride; a call moves elements [begin, end), multiples of 8.
 */
export function copyLoop({ read, write, update }: Streams, stride: number, use: Instructions): CopyLoop {
  const count = read + write + update
  const pages = 1 + Math.ceil((count * stride) / 65536)
  const m = new ModuleBuilder(`copy ${read} ${write} ${update} ${use.width}`, { min: pages })
  m.kernel("copy", {}, (f, _, begin, end) => {
    // Each base stands 16 bytes early: pairs with offset 0 are not fused by every engine.
    const bases = Array.from({ length: count }, (_s, s) =>
      f.let(`stream${s}`, i32.add(i32.mul(begin, 4), 65536 - 16 + s * stride)),
    )
    const at = f.local("i32", "at")
    const reads = [...bases.slice(0, read), ...bases.slice(read + write)]
    const writes = bases.slice(read)
    const value = (offset: number) =>
      reads.map(base => v128.load(base, offset)).reduce((mixed, next) => v128.or(mixed, next), f32x4.const(0))
    f.for(at, begin, end, 8, () => {
      const pair = [f.let("low", value(16)), f.let("high", value(32))]
      for (const base of writes) f.storeVectors(base, pair, 16)
      for (const base of bases) f.increment(base, 32)
    })
  })
  const { instance, memory } = instantiate(m, use.width)
  const stream = (index: number, length: number) => new Float32Array(memory.buffer, 65536 + index * stride, length)
  return { run: functionOf(instance, "copy"), stream }
}

function instantiate(m: wasm.ModuleBuilder, width: 128 | 256) {
  const engine = wasmEngine()
  if (engine === null) throw new Error("bench: this host has no WebAssembly")
  const memory = new engine.Memory({ initial: m.memory.min })
  if (width === 256) setFlagsFromString("--no-liftoff")
  try {
    return { instance: new engine.Instance(new engine.Module(m.assemble()), { env: { memory } }), memory }
  } finally {
    if (width === 256) setFlagsFromString("--liftoff")
  }
}

function functionOf(instance: wasm.ModuleInstance, name: string): Run {
  const found = instance.exports[name]
  if (typeof found !== "function") throw new Error(`bench: the module has no function "${name}"`)
  return found
}
