import { type Expression, type FunctionBuilder, f32x4, i32, type Local, v128 } from "../wasm/index.ts"
import type { GemmArguments } from "./layout.ts"
import { bias, type Sums } from "./tile.ts"

/** Where the sums of a tile go. */
export interface ResultPlace {
  /** The address of the tile's first element of C, less the bias. */
  readonly c: Local<"i32">
  /** That element's row and column. */
  readonly row: Expression<"i32">
  readonly column: Local<"i32">
  /** How many columns are left, the tile's own included. */
  readonly left: Local<"i32">
  /** How many rows from the top the tile above has already. */
  readonly repeated: Local<"i32">
}

/** Runs `body` for each accumulator. */
export function eachSum(sums: Sums, body: (sum: Local<"v128">, row: number, vector: number) => void): void {
  for (const [r, row] of sums.entries()) for (const [v, sum] of row.entries()) body(sum, r, v)
}

/** C = sums or C = D + sums. */
export function emitResult(f: FunctionBuilder, args: GemmArguments, sums: Sums, place: ResultPlace): void {
  const { c, left, repeated } = place
  f.if(args.addend, () => emitAddend(f, args, sums, place))
  const rows = rowsFrom(f, c, args.cStep, sums.length)
  const eachOwnRow = (body: (row: Local<"i32">, r: number) => void) => {
    for (const [r, row] of rows.entries()) {
      if (r < rows.length - 1) f.if(i32.le_s(repeated, r), () => body(row, r))
      else body(row, r)
    }
  }
  const store = (row: Local<"i32">, r: number) => f.storeVectors(row, sums[r], bias)
  eachWidth(f, sums, left, {
    whole: () =>
      f.if(
        repeated,
        () => eachOwnRow(store),
        () => rows.forEach(store),
      ),
    lane: lane => eachOwnRow((row, r) => f.v128.store32_lane(row, sums[r][0], lane, bias + 4 * lane)),
  })
}

/** sums = D + sums */
function emitAddend(f: FunctionBuilder, args: GemmArguments, sums: Sums, { row, column, left }: ResultPlace): void {
  const first = f.let("d0", i32.add(i32.add(args.addend, i32.mul(row, args.addendStep)), i32.mul(column, 4)))
  f.increment(first, -bias)
  const rows = rowsFrom(f, first, args.addendStep, sums.length)
  eachWidth(f, sums, left, {
    whole: () => eachSum(sums, (sum, r, v) => f.set(sum, f32x4.add(v128.load(rows[r], bias + 16 * v), sum))),
    // To the lanes that are not loaded -0 is added, which changes nothing.
    lane: lane =>
      eachSum(sums, (sum, r) =>
        f.set(sum, f32x4.add(v128.load32_lane(rows[r], f32x4.const(-0), lane, bias + 4 * lane), sum)),
      ),
  })
}

/** Pointers to rows, from the first on. */
export function rowsFrom(f: FunctionBuilder, first: Local<"i32">, step: Local<"i32">, count: number): Local<"i32">[] {
  const rows = [first]
  for (let r = 1; r < count; r++) rows.push(f.let(`row${r}`, i32.add(rows[r - 1], step)))
  return rows
}

interface Widths {
  /** For a tile whose columns all are C's. */
  readonly whole: () => void
  /** For each column of C in a tile that is wider than what is left. */
  readonly lane: (lane: number) => void
}

/** Only tiles of four columns may be wider than what is left. */
function eachWidth(f: FunctionBuilder, sums: Sums, left: Local<"i32">, { whole, lane }: Widths): void {
  const lanes = () => {
    for (const l of [0, 1, 2]) f.if(i32.gt_s(left, l), () => lane(l))
  }
  if (sums[0].length > 1) whole()
  else f.if(i32.ge_s(left, 4), whole, lanes)
}
