import { createHash } from "node:crypto"
import { type Stream, setThreads } from "@selvedge/core"
import { linearMemory } from "../../../packages/core/src/kernels/memory.ts"
import { ensureWorkers, poolEnding, readyThreads } from "../../../packages/core/src/kernels/pool.ts"

/** What a twin's row in the table says. */
export interface TwinRow {
  /** The loop's name, where it is not that of the row: one of several forms of its arguments. */
  readonly loop?: string
  /**
   * The loop's arguments in order: `x` is read, `=y` written, `+dx` updated, `#rate` a number. Buffers have as many
   * numbers as the case, or the shape in brackets: `[rn]` rows times n, `[r]`, `[n]`.
   */
  readonly signature: string
  /** Greatest error, in float32 ulps of the largest of: the result, what was there before, `magnitude`. */
  readonly ulps: number
  /** A size that terms of the result reach and that the result itself may not. */
  readonly magnitude?: number
  /** Ranges of inputs that are not from -4 to 4, by name. */
  readonly ranges?: Readonly<Record<string, readonly [low: number, high: number]>>
  /** Values of numbers, by name. */
  readonly numbers?: Readonly<Record<string, number>>
  /** Inputs that must not hold NaN, infinities and subnormals, because loop and twin may differ there, and why. */
  readonly tame?: readonly string[]
}

interface Parameter {
  readonly name: string
  readonly kind: "in" | "out" | "inout" | "number"
  readonly shape: string
}

export function parseSignature(signature: string): Parameter[] {
  const kinds = { "=": "out", "+": "inout", "#": "number" } as const
  return signature.split(", ").map(text => {
    const [, mark = "", name, shape = "s"] = /^([=+#]?)(\w+)(?:\[(\w+)\])?$/.exec(text)!
    return { name, kind: mark === "" ? "in" : kinds[mark as keyof typeof kinds], shape }
  })
}

/** How large the buffers of one case are. */
export interface Dimensions {
  readonly rows: number
  readonly n: number
}

/** Values that formulas handle in ways of their own. */
export const specials = [0, -0, Number.NaN, Infinity, -Infinity, 1e-45, -1e-45, 1e-39, -1e-39, 1e-30, -1e-30]
export const extremes = [88, -88, 100, -100, 1e4, -1e4]

function lengthOf(shape: string, { rows, n }: Dimensions): number {
  const lengths: Record<string, number> = {
    s: rows * n,
    rn: rows * n,
    r: rows,
    n,
    parts: 2 * Math.ceil((rows * n) / 1024),
  }
  return lengths[shape] ?? Number(shape)
}

export type Argument = Float32Array | Uint8Array | number

/** Random arguments for a case, on the heap; `special` values are put into one of the inputs. */
export function makeArguments(
  row: TwinRow,
  stream: Stream,
  dimensions: Dimensions,
  special: readonly number[] = [],
): Argument[] {
  let first = 0
  const draw = (length: number) => {
    const values = stream.uniform(new Float32Array(length), first)
    first += 4 * Math.ceil(length / 4)
    return values
  }
  const parameters = parseSignature(row.signature)
  const inputs = parameters.filter(p => (p.kind === "in" || p.kind === "inout") && !row.tame?.includes(p.name))
  const chosen = special.length > 0 ? inputs[Math.floor(draw(1)[0] * inputs.length)] : undefined
  return parameters.map(parameter => {
    const { name, kind, shape } = parameter
    if (kind === "number") return row.numbers?.[name] ?? dimensions[name as keyof Dimensions]
    const [low, high] = row.ranges?.[name] ?? [-4, 4]
    const values = draw(lengthOf(shape, dimensions)).map(u => low + u * (high - low))
    if (name === "bytes") return Uint8Array.from(values, value => 32 * (value + 4))
    if (name === "labels") return values.map((_, i) => (i * 7) % dimensions.n)
    return parameter === chosen ? sprinkled(values, draw(values.length), special, low, high) : values
  })
}

/** A third of the values replaced by special ones, none on the side of 0 where the range has nothing. */
function sprinkled(
  values: Float32Array,
  choice: Float32Array,
  special: readonly number[],
  low: number,
  high: number,
): Float32Array {
  return values.map((value, i) => {
    const other = special[Math.floor(choice[i] * special.length * 3)] ?? value
    return (low >= 0 && other < 0) || (high <= 0 && other > 0) ? value : other
  })
}

/** Copies of buffers in linear memory, `shift` floats off the alignment, between guards; and what checks and frees them. */
export function inLinearMemory(args: readonly Argument[], shift: number) {
  const memory = linearMemory()!
  const places = args.map((value, i) => {
    if (typeof value === "number") return null
    const block = memory.allocate(4 * (value.length + 40))!
    const whole = block.floats.fill(guard)
    const start = 8 + ((shift + i) % 4)
    const at = whole.subarray(start, start + value.length)
    if (value instanceof Uint8Array) {
      const buffer = new Uint8Array(at.buffer, at.byteOffset + shift, value.length)
      buffer.set(value)
      return { block, whole, start, buffer, used: Math.ceil((value.length + shift) / 4) }
    }
    at.set(value)
    return { block, whole, start, buffer: at, used: value.length }
  })
  return {
    args: args.map((value, i) => places[i]?.buffer ?? value),
    /** True if nothing around a buffer was written to. */
    guarded: () =>
      places.every(place => {
        if (place === null) return true
        const { whole, start, used } = place
        const outside = [...whole.subarray(0, start), ...whole.subarray(start + used)]
        return outside.every(value => value === guard)
      }),
    free: () => {
      for (const place of places) place?.block.free()
    },
  }
}

const guard = 12345.5

/** The buffers that a kernel wrote, copied. */
export function written(row: TwinRow, args: readonly Argument[]): Float32Array[] {
  const parameters = parseSignature(row.signature)
  return args.flatMap((value, i) =>
    value instanceof Float32Array && ["out", "inout"].includes(parameters[i].kind) ? [value.slice()] : [],
  )
}

export const copies = (args: readonly Argument[]) =>
  args.map(value => (typeof value === "number" ? value : value.slice()))

/** A digest of the bits, with every NaN the same. */
export function bitsOf(buffers: readonly (Float32Array | Uint8Array)[]): string {
  const hash = createHash("sha1")
  for (const buffer of buffers)
    hash.update(buffer instanceof Uint8Array ? buffer : buffer.map(x => (Number.isNaN(x) ? Number.NaN : x)))
  return hash.digest("hex")
}

/** Error in ulps; 0 for equal special values, Infinity where one is special and the other not. */
export function ulpsApart(got: number, want: number, magnitude: number): number {
  if (Object.is(got, want) || got === want || (Number.isNaN(got) && Number.isNaN(want))) return 0
  if (!Number.isFinite(got) || !Number.isFinite(want)) return Infinity
  // Twins may take subnormal numbers for 0, and multiply that error by up to a hundred.
  const slack = Math.max(0, Math.abs(got - want) - 1.2e-36)
  return slack / (2 ** -23 * Math.max(Math.abs(want), magnitude))
}

/** Waits until so many threads answer. */
export async function threadsReady(count: number): Promise<void> {
  setThreads(count)
  await poolEnding()
  linearMemory()
  for (let i = 0; i < 1000 && readyThreads() !== count; i++) {
    ensureWorkers()
    await new Promise(resolve => setTimeout(resolve, 10))
  }
  if (readyThreads() !== count) throw new Error(`${readyThreads()} threads answer, not ${count}`)
}
