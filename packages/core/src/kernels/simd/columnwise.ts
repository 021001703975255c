import { Program } from "../program.ts"
import { twin } from "../twin.ts"
import type { KernelArgument, Twin } from "../vectorized.ts"
import { type Expression, type FunctionBuilder, f32x4, i32, i32x4, type Local, select, v128 } from "../wasm/index.ts"
import { type ArgumentsOf, ahead, type Declaration, kindOf, layoutOf, sizesOf } from "./elementwise.ts"
import { LaterStores, type Vector } from "./vector.ts"

/** Eight neighbouring columns of all matrices, as two vectors; at the edge four, or one. */
export interface Group {
  readonly f: FunctionBuilder
  /** How many rows there are, in all lanes. */
  readonly count: Local<"v128">
  /** A number among the arguments, in all lanes. */
  number(name: string): Local<"v128">
  /** The group's entries of a buffer that has one for each column. */
  entries(buffer: string): Local<"v128">[]
  setEntries(buffer: string, values: readonly Vector[]): void
  /** One variable for each vector of the group. */
  variables(name: string): Local<"v128">[]
  /** Visits the rows in order, each vector of the group in each. */
  walk(buffers: readonly string[], visit: (at: Cell, vector: number) => void): void
  /**
   * Sums over the rows of what `visit` gives. Runs of 32 rows are summed first, then those sums: the error grows with
   * rows / 32 + 32 roundings.
   */
  sums<N extends string>(
    buffers: readonly string[],
    names: readonly N[],
    visit: (at: Cell, vector: number) => Readonly<Record<N, Vector>>,
  ): Readonly<Record<N, Local<"v128">[]>>
}

/** A vector of the group in one row. */
export interface Cell {
  load(buffer: string): Local<"v128">
  store(buffer: string, value: Vector): void
}

const run = 32
const unit = 8

/**
 * The twin of a loop over the columns of matrices, which has `int rows` and `int n` among its parameters. A column is
 * computed by one thread, row by row, by the same instructions wherever it stands.
 */
export function columnwise<const P extends readonly Declaration[]>(
  name: string,
  parameters: P,
  emitGroup: (group: Group) => void,
  cost: number,
  accepts?: (args: readonly KernelArgument[]) => boolean,
): Required<Twin<ArgumentsOf<P> & readonly KernelArgument[]>> {
  const [rowsOf, nOf] = sizesOf(parameters)
  const program = new Program(name, m => {
    m.kernel(name, layoutOf(parameters), (f, words, begin, end) => {
      const column = f.let("column", i32.mul(begin, unit))
      const last = f.let("last", i32.mul(end, unit))
      const n = words.n as Local<"i32">
      const stop = f.let("stop", select(last, n, i32.lt_s(last, n)))
      for (const width of [8, 4, 1] as const) {
        f.while(i32.le_s(i32.add(column, width), stop), () => {
          emitGroup(new EmittedGroup(f, words, column, width))
          f.increment(column, width)
        })
      }
    })
  })
  return twin(program, {
    name,
    parameters: parameters.map(kindOf),
    least: 32,
    ...(accepts ? { accepts } : {}),
    size: args => rowsOf(args) * nOf(args),
    units: args => Math.ceil(nOf(args) / unit),
    grain: args => Math.ceil(4096 / (cost * (rowsOf(args) + 4))),
  })
}

type Words = Readonly<Record<string, Local<"i32"> | Local<"f32">>>

class EmittedGroup implements Group {
  readonly f: FunctionBuilder
  readonly count: Local<"v128">
  readonly #words: Words
  readonly #column: Local<"i32">
  readonly #width: 8 | 4 | 1
  readonly #step: Local<"i32">

  constructor(f: FunctionBuilder, words: Words, column: Local<"i32">, width: 8 | 4 | 1) {
    this.f = f
    this.#words = words
    this.#column = column
    this.#width = width
    this.count = f.let("count", f32x4.convert_i32x4_s(i32x4.splat(this.#integer("rows"))))
    this.#step = f.let("step", i32.mul(this.#integer("n"), 4))
  }

  number(name: string): Local<"v128"> {
    return this.f.let(name, f32x4.splat(this.#words[name] as Local<"f32">))
  }

  entries(buffer: string): Local<"v128">[] {
    const address = this.#cursor(buffer)
    return this.#vectors().map(v => this.f.let(buffer, this.#load(address, v)))
  }

  setEntries(buffer: string, values: readonly Vector[]): void {
    const address = this.#cursor(buffer)
    if (this.#width === 1) this.f.v128.store32_lane(address, values[0], 0, ahead)
    else this.f.storeVectors(address, values, ahead)
  }

  variables(name: string): Local<"v128">[] {
    return this.#vectors().map(() => this.f.let(name, f32x4.const(0)))
  }

  walk(buffers: readonly string[], visit: (at: Cell, vector: number) => void): void {
    const left = this.f.let("left", this.#integer("rows"))
    this.#rows(left, this.#cursors(buffers), visit)
  }

  sums<N extends string>(
    buffers: readonly string[],
    names: readonly N[],
    visit: (at: Cell, vector: number) => Readonly<Record<N, Vector>>,
  ): Readonly<Record<N, Local<"v128">[]>> {
    const { f } = this
    const kept = names.map(name => ({ name, parts: this.variables(name), totals: this.variables(name) }))
    const cursors = this.#cursors(buffers)
    const left = f.let("left", this.#integer("rows"))
    f.while(i32.gt_s(left, 0), () => {
      const block = f.let("block", select(left, i32.const(run), i32.lt_s(left, run)))
      f.increment(left, -run)
      for (const { parts } of kept) for (const part of parts) f.set(part, f32x4.const(0))
      this.#rows(block, cursors, (at, v) => {
        const values = visit(at, v)
        for (const { name, parts } of kept) f.set(parts[v], f32x4.add(parts[v], values[name]))
      })
      for (const { parts, totals } of kept) {
        for (const v of this.#vectors()) f.set(totals[v], f32x4.add(totals[v], parts[v]))
      }
    })
    return Object.fromEntries(kept.map(({ name, totals }) => [name, totals])) as Record<N, Local<"v128">[]>
  }

  #integer(name: string): Local<"i32"> {
    return this.#words[name] as Local<"i32">
  }

  /** 0 and 1, or 0 alone: vectors stand 16 bytes apart on one address, so that an engine that can fuses them. */
  #vectors(): number[] {
    return this.#width === 8 ? [0, 1] : [0]
  }

  #cursor(buffer: string): Local<"i32"> {
    return this.f.let(buffer, i32.sub(i32.add(this.#integer(buffer), i32.mul(this.#column, 4)), ahead))
  }

  #cursors(buffers: readonly string[]): ReadonlyMap<string, Local<"i32">> {
    return new Map(buffers.map(key => [key, this.#cursor(key)]))
  }

  #load(address: Local<"i32">, vector: number): Expression<"v128"> {
    return this.#width === 1 ? v128.load32_zero(address, ahead) : v128.load(address, ahead + 16 * vector)
  }

  #rows(
    left: Local<"i32">,
    cursors: ReadonlyMap<string, Local<"i32">>,
    visit: (at: Cell, vector: number) => void,
  ): void {
    const { f } = this
    f.while(i32.gt_s(left, 0), () => {
      const later = new LaterStores(f)
      for (const v of this.#vectors()) {
        const load = (key: string) => f.let(key, this.#load(cursors.get(key)!, v))
        const store = (key: string, value: Vector) => {
          if (this.#width === 1) f.v128.store32_lane(cursors.get(key)!, value, 0, ahead)
          else later.add(cursors.get(key)!, f.let(key, value), ahead + 16 * v)
        }
        visit({ load, store }, v)
      }
      later.emit()
      for (const cursor of cursors.values()) f.increment(cursor, this.#step)
      f.increment(left, -1)
    })
  }
}
