import {
  type Expression,
  type FunctionBuilder,
  type GlobalReference,
  i32,
  type Kernel,
  type Local,
  type ModuleBuilder,
  select,
  v128,
} from "../wasm/index.ts"
import { type GemmArguments, gemmLayout, panelColumns, readModes, scratchMap } from "./layout.ts"
import type { Packers } from "./panel.ts"
import { eachSum, emitResult, rowsFrom } from "./result.ts"
import { bias, declareSums, emitTile, type Sums, type TileShape } from "./tile.ts"

interface Context {
  readonly f: FunctionBuilder
  readonly shape: TileShape
  readonly args: GemmArguments
  readonly packers: Packers
  readonly scratch: GlobalReference<"i32">
  /** Whether the columns of A, not its rows, are contiguous. */
  readonly columnsOfA: boolean
  readonly sums: Sums
  /** The address of a tile of zeros. */
  readonly zeros: Local<"i32">
}

/** Adds a kernel that computes products with tiles of the given shape. */
export function addProduct(
  m: ModuleBuilder,
  name: string,
  shape: TileShape,
  columnsOfA: boolean,
  packers: Packers,
  scratch: GlobalReference<"i32">,
): Kernel<typeof gemmLayout> {
  return m.kernel(name, gemmLayout, (f, args, begin, end) => {
    f.memory.fill(i32.add(scratch.get, scratchMap.zeros), 0, 4 * shape.rows * shape.columns)
    const zeros = f.let("zeros", i32.add(scratch.get, scratchMap.zeros - bias))
    const context: Context = { f, shape, args, packers, scratch, columnsOfA, sums: declareSums(f, shape), zeros }
    // Neighbouring units go to the same thread. Where A is read by columns C is most often a weight's gradient, which the
    // update that follows shares out by rows; elsewhere a thread best stays with the columns of B that it has read.
    const [size, step] = columnsOfA ? [args.n, args.unitColumns] : [args.m, args.unitRows]
    const inner = f.let("inner", i32.div_u(i32.add(size, i32.sub(step, 1)), step))
    const unit = f.local("i32", "unit")
    f.for(unit, begin, end, 1, () => {
      const [outerUnit, innerUnit] = [i32.div_u(unit, inner), i32.rem_u(unit, inner)]
      const i0 = f.let("i0", i32.mul(columnsOfA ? outerUnit : innerUnit, args.unitRows))
      const j0 = f.let("j0", i32.mul(columnsOfA ? innerUnit : outerUnit, args.unitColumns))
      const rows = f.let("rows", smaller(f, i32.sub(args.m, i0), args.unitRows))
      const columns = f.let("columns", smaller(f, i32.sub(args.n, j0), args.unitColumns))
      emitUnit(context, { i0, rows, j0, columns })
    })
  })
}

function smaller(f: FunctionBuilder, a: Expression<"i32">, b: Local<"i32">): Expression<"i32"> {
  const value = f.let("smaller", a)
  return select(value, b, i32.lt_s(value, b))
}

/** A unit's part for a range of k: its first row, and how many it has; the first k, and how many there are. */
interface Part {
  readonly i0: Local<"i32">
  readonly rows: Local<"i32">
  readonly k0: Local<"i32">
  readonly count: Local<"i32">
}

interface RowsOfA {
  /** Where the unit's first row of A is at k0; bytes from row to row and from k to k. */
  readonly a: Local<"i32">
  readonly aRowStep: Local<"i32">
  readonly kStep: Local<"i32">
  /** Bytes of all k, and of those in whole turns of the unrolled loop. */
  readonly length: Local<"i32">
  readonly turnsLength: Local<"i32">
}

/** A block of C: for each range of k, for each panel of columns, for each tile. */
function emitUnit(context: Context, unit: Record<"i0" | "rows" | "j0" | "columns", Local<"i32">>): void {
  const { f, shape, args, scratch } = context
  const { i0, rows, j0, columns } = unit
  const k0 = f.let("k0", i32.const(0))
  f.doWhile(
    () => {
      const count = f.let("count", smaller(f, i32.sub(args.k, k0), args.kBlock))
      const partial = f.let("partial", i32.add(scratch.get, scratchMap.partial - bias))
      const part = { i0, rows, k0, count }
      const rowsOfA = emitRowsOfA(context, part)
      const j = f.local("i32", "j")
      f.for(j, 0, columns, panelColumns(shape), () => {
        const width = f.let("width", i32.sub(columns, j))
        f.set(width, select(width, i32.const(panelColumns(shape)), i32.lt_s(width, panelColumns(shape))))
        const column = f.let("column", i32.add(j0, j))
        emitTiles(context, part, rowsOfA, emitPanel(context, part, column, width), partial)
      })
      f.increment(k0, args.kBlock)
    },
    () => i32.lt_s(k0, args.k),
  )
}

interface Panel {
  /** Its first column, counted in C, and how many there are. */
  readonly column: Local<"i32">
  readonly width: Local<"i32">
  /** Its address, and bytes from row to row. */
  readonly panel: Local<"i32">
  readonly panelStep: Local<"i32">
}

/** Where the panel of B is read: in B itself, or copied to scratch memory first. */
function emitPanel(context: Context, { k0, count }: Part, column: Local<"i32">, width: Local<"i32">): Panel {
  const { f, shape, args, packers, scratch } = context
  const panel = f.let("panel", i32.add(i32.add(args.b, i32.mul(column, 4)), i32.mul(k0, args.bStep)))
  const panelStep = f.let("panelStep", args.bStep)
  const pack = (packer: Packers["rows"]) => {
    f.set(panelStep, 4 * panelColumns(shape))
    f.call(packer, panel, args.bStep, count, width, scratch.get, panelStep)
    f.set(panel, scratch.get)
  }
  f.if(
    i32.eq(args.bMode, readModes.transposed),
    () => {
      f.set(panel, i32.add(i32.add(args.b, i32.mul(column, args.bStep)), i32.mul(k0, 4)))
      pack(packers.columns)
    },
    () => {
      // Columns that do not fill a vector are copied in any case: in place, their neighbours might not be ours to read.
      f.if(i32.or(args.bMode, i32.and(width, 3)), () => pack(packers.rows))
    },
  )
  return { column, width, panel, panelStep }
}

/** Where the unit's rows of A are read: in A itself, or copied to scratch memory first. */
function emitRowsOfA(context: Context, part: Part): RowsOfA {
  const { f, shape, args, scratch, columnsOfA } = context
  const aRowStep = f.let("aRowStep", columnsOfA ? i32.const(4) : args.aStep)
  const kStep = f.let("kStep", columnsOfA ? args.aStep : i32.const(4))
  const a = f.let("a", i32.add(i32.add(args.a, i32.mul(part.i0, aRowStep)), i32.mul(part.k0, kStep)))
  if (columnsOfA) {
    f.if(args.aMode, () => {
      emitPackA(context, part)
      f.set(a, i32.add(scratch.get, scratchMap.aPacked))
      f.set(aRowStep, i32.mul(part.count, 4))
      f.set(kStep, 4 * shape.rows)
    })
  }
  const length = f.let("length", i32.mul(part.count, kStep))
  const turnsLength = f.let("turnsLength", i32.mul(i32.and(part.count, -shape.unroll), kStep))
  return { a, aRowStep, kStep, length, turnsLength }
}

/** Copies the rows of A that a unit needs to scratch memory, blocks of the tile's height with their columns together. */
function emitPackA({ f, shape, args, packers, scratch }: Context, { i0, rows, k0, count }: Part): void {
  const i = f.local("i32", "i")
  const to = f.let("to", i32.add(scratch.get, scratchMap.aPacked))
  f.for(i, 0, rows, shape.rows, () => {
    const row = f.let("packedRow", smaller(f, i32.add(i0, i), f.let("lastBlock", i32.sub(args.m, shape.rows))))
    const pack = (packer: Packers["rows"], from: Expression<"i32">) => {
      f.call(packer, i32.add(args.a, from), args.aStep, count, shape.rows, to, 4 * shape.rows)
    }
    f.if(
      i32.eq(args.aMode, readModes.copied),
      () => pack(packers.rows, i32.add(i32.mul(row, 4), i32.mul(k0, args.aStep))),
      () => pack(packers.columns, i32.add(i32.mul(row, args.aStep), i32.mul(k0, 4))),
    )
    f.increment(to, i32.mul(count, 4 * shape.rows))
  })
}

/** Columns of tiles, from left to right, the widest that fit. `partial`: where the next partial sums are, less the bias. */
function emitTiles(context: Context, part: Part, rowsOfA: RowsOfA, panel: Panel, partial: Local<"i32">): void {
  const { f, shape } = context
  for (let columns = shape.columns; columns >= 4; columns /= 2) {
    // The last tile may be wider than what is left, see `emitPanel`.
    f.while(i32.ge_s(panel.width, columns === 4 ? 1 : columns), () => {
      emitColumnOfTiles(context, columns, { ...part, ...rowsOfA, ...panel, partial })
      f.increment(panel.panel, 4 * columns)
      f.increment(panel.column, columns)
      f.increment(panel.width, -columns)
    })
  }
}

type ColumnOfTiles = Part & RowsOfA & Panel & { readonly partial: Local<"i32"> }

/** One tile below the other, for all rows of the unit. */
function emitColumnOfTiles(context: Context, columns: number, all: ColumnOfTiles): void {
  const { f, shape, args, columnsOfA } = context
  const { i0, rows, k0, count, partial, panel, panelStep, column, width } = all
  const sums: Sums = context.sums.map(row => row.slice(0, columns / 4))
  const c0 = f.let("c0", i32.add(i32.mul(i0, args.cStep), i32.mul(column, 4)))
  f.increment(c0, i32.sub(args.c, bias))
  const beyond = f.let("beyond", i32.sub(i32.add(i0, shape.rows), args.m))
  const i = f.local("i32", "i")
  f.for(i, 0, rows, shape.rows, () => {
    // The last tile is moved up to end with the last row. What it computes again is not stored again.
    const repeated = f.let("repeated", i32.add(i, beyond))
    f.set(repeated, select(repeated, i32.const(0), i32.gt_s(repeated, 0)))
    const row = f.let("row", i32.sub(i, repeated))
    // Copied rows were moved when they were copied.
    const aRow = columnsOfA ? select(i, row, args.aMode) : row
    const a0 = f.let("a0", i32.add(all.a, i32.mul(aRow, all.aRowStep)))
    const end = f.let("end", i32.add(a0, all.length))
    const turnsEnd = f.let("turnsEnd", i32.add(a0, all.turnsLength))
    // Loaded in any case, from zeros at first: V8 widens a loop whose accumulators are loads more readily.
    const start = f.let("start", select(partial, context.zeros, k0))
    eachSum(sums, (sum, r, v) => f.set(sum, v128.load(start, bias + 4 * columns * r + 16 * v)))
    const [a, aStep] = columnsOfA ? [[a0], all.kStep] : [rowsFrom(f, a0, args.aStep, shape.rows), null]
    emitTile(f, shape, { a, aStep, b: f.let("b", i32.sub(panel, bias)), bStep: panelStep, end, turnsEnd }, sums)
    f.if(
      i32.ge_s(i32.add(k0, count), args.k),
      () => {
        const c = f.let("c", i32.add(c0, i32.mul(row, args.cStep)))
        emitResult(f, args, sums, { c, row: i32.add(i0, row), column, left: width, repeated })
      },
      () => f.storeVectors(partial, sums.flat(), bias),
    )
    f.increment(partial, 4 * columns * shape.rows)
  })
}
