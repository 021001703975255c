import { Program } from "../program.ts"
import { twin } from "../twin.ts"
import type { KernelArgument, Twin } from "../vectorized.ts"
import { type FunctionBuilder, f32, f32x4, i32, i32x4, type Local, type Operand, v128 } from "../wasm/index.ts"
import { type ArgumentsOf, ahead, type Declaration, kindOf, layoutOf, nameOf, sizesOf } from "./elementwise.ts"
import { LaterStores, type Vector } from "./vector.ts"

/** Where a walk along a row stands: at four columns, or at the last one to three. */
export interface Columns {
  /** Four numbers of a buffer; lanes past the row's end hold `pad`. */
  load(buffer: string, pad?: number | Local<"v128">): Local<"v128">
  /** Writes as many of the four as the row has. */
  store(buffer: string, value: Vector): void
}

/** The row that a kernel works on. */
export interface Row {
  readonly f: FunctionBuilder
  /** How many columns it has, as an integer and as a float in all lanes. */
  readonly n: Local<"i32">
  readonly count: Local<"v128">
  /** A number among the arguments, in all lanes. */
  number(name: string): Local<"v128">
  /** The row's own entry of a buffer that has one for each row. */
  entry(buffer: string): Local<"f32">
  setEntry(buffer: string, value: Vector): void
  /** The address of the row's entry in a column. */
  address(buffer: string, column: Operand<"i32">): Local<"i32">
  /**
   * Visits the columns in order, four at a time; `turn` is 0 and 1 by turns, so that two sums can be kept. Buffers are
   * matrices unless they stand in `shared`: those have one number for each column, the same for all rows.
   */
  walk(buffers: readonly string[], visit: (at: Columns, turn: 0 | 1) => void, shared?: readonly string[]): void
}

export interface RowwiseOptions {
  /** About how many instructions four columns take: decides from which size threads pay. */
  readonly cost: number
  /** The least number of entries for which the twin runs. */
  readonly least?: number
}

/**
 * The twin of a loop over the rows of matrices, which has `int rows` and `int n` among its parameters. A row is computed
 * by one thread, four columns at a time, by the same instructions wherever it stands.
 */
export function rowwise<const P extends readonly Declaration[]>(
  name: string,
  parameters: P,
  emitRow: (row: Row) => void,
  { cost, least = 32 }: RowwiseOptions,
): Required<Twin<ArgumentsOf<P> & readonly KernelArgument[]>> {
  const [rowsOf, nOf] = sizesOf(parameters)
  const program = new Program(name, m => {
    m.kernel(name, layoutOf(parameters), (f, words, begin, end) => {
      const r = f.local("i32", "r")
      f.for(r, begin, end, 1, () => emitRow(new EmittedRow(f, words, parameters, r)))
    })
  })
  return twin(program, {
    name,
    parameters: parameters.map(kindOf),
    least,
    size: args => rowsOf(args) * nOf(args),
    units: rowsOf,
    grain: args => Math.ceil(32_768 / (cost * (nOf(args) + 4))),
  })
}

type Words = Readonly<Record<string, Local<"i32"> | Local<"f32">>>

class EmittedRow implements Row {
  readonly f: FunctionBuilder
  readonly n: Local<"i32">
  readonly count: Local<"v128">
  readonly #words: Words
  readonly #numbers: Map<string, Local<"v128">>
  readonly #r: Local<"i32">
  readonly #start: Local<"i32">

  constructor(f: FunctionBuilder, words: Words, parameters: readonly Declaration[], r: Local<"i32">) {
    const floats = parameters.filter(d => kindOf(d) === "float").map(nameOf)
    this.f = f
    this.#words = words
    this.#r = r
    this.n = this.#integer("n")
    this.count = f.let("count", f32x4.convert_i32x4_s(i32x4.splat(this.n)))
    this.#numbers = new Map(floats.map(key => [key, f.let(key, f32x4.splat(words[key] as Local<"f32">))]))
    this.#start = f.let("start", i32.mul(i32.mul(r, this.n), 4))
  }

  number(name: string): Local<"v128"> {
    return this.#numbers.get(name)!
  }

  entry(buffer: string): Local<"f32"> {
    return this.f.let(buffer, f32.load(this.#entryAddress(buffer)))
  }

  setEntry(buffer: string, value: Vector): void {
    this.f.v128.store32_lane(this.#entryAddress(buffer), value, 0)
  }

  address(buffer: string, column: Operand<"i32">): Local<"i32"> {
    const row = i32.add(this.#integer(buffer), this.#start)
    return this.f.let("address", i32.add(row, i32.mul(column, 4)))
  }

  walk(buffers: readonly string[], visit: (at: Columns, turn: 0 | 1) => void, shared: readonly string[] = []): void {
    const { f } = this
    const cursors = new Map<string, Local<"i32">>()
    for (const key of buffers) cursors.set(key, f.let(key, i32.sub(i32.add(this.#integer(key), this.#start), ahead)))
    for (const key of shared) cursors.set(key, f.let(key, i32.sub(this.#integer(key), ahead)))
    const left = f.let("left", this.n)
    const advance = (columns: number) => {
      for (const cursor of cursors.values()) f.increment(cursor, 4 * columns)
      f.increment(left, -columns)
    }
    f.while(i32.ge_s(left, 8), () => {
      const later = new LaterStores(f)
      visit(fourAt(f, cursors, 0, later), 0)
      visit(fourAt(f, cursors, 16, later), 1)
      later.emit()
      advance(8)
    })
    f.if(i32.ge_s(left, 4), () => {
      const later = new LaterStores(f)
      visit(fourAt(f, cursors, 0, later), 0)
      later.emit()
      advance(4)
    })
    f.if(i32.gt_s(left, 0), () => visit(someAt(f, cursors, left), 1))
  }

  #integer(name: string): Local<"i32"> {
    return this.#words[name] as Local<"i32">
  }

  #entryAddress(buffer: string) {
    return i32.add(this.#integer(buffer), i32.mul(this.#r, 4))
  }
}

type Cursors = ReadonlyMap<string, Local<"i32">>

function fourAt(f: FunctionBuilder, cursors: Cursors, offset: number, later: LaterStores): Columns {
  return {
    load: key => f.let(key, v128.load(cursors.get(key)!, ahead + offset)),
    store: (key, value) => later.add(cursors.get(key)!, f.let(key, value), ahead + offset),
  }
}

/** One to three columns: lane by lane, so that nothing outside of the row is touched. */
function someAt(f: FunctionBuilder, cursors: Cursors, left: Local<"i32">): Columns {
  return {
    load(key, pad = 0) {
      const value = f.let(key, typeof pad === "number" ? f32x4.const(pad) : pad)
      const cursor = cursors.get(key)!
      f.set(value, v128.load32_lane(cursor, value, 0, ahead))
      for (const lane of [1, 2]) {
        f.if(i32.gt_s(left, lane), () => f.set(value, v128.load32_lane(cursor, value, lane, ahead + 4 * lane)))
      }
      return value
    },
    store(key, value) {
      const kept = f.let(key, value)
      const cursor = cursors.get(key)!
      f.v128.store32_lane(cursor, kept, 0, ahead)
      for (const lane of [1, 2]) {
        f.if(i32.gt_s(left, lane), () => f.v128.store32_lane(cursor, kept, lane, ahead + 4 * lane))
      }
    },
  }
}
