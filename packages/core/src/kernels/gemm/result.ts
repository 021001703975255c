import { type FunctionBuilder, f32, f32x4, i32, type Local, v128 } from "../wasm/index.ts"
import type { GemmArguments } from "./layout.ts"
import { bias, type Sums } from "./tile.ts"

/** Where the sums of a tile go. */
export interface ResultPlace {
  /** The address of the tile's first element of C, less the bias. */
  readonly c: Local<"i32">
  /** That of what is added to it. */
  readonly addend: Local<"i32">
  /** How many columns are left, the tile's own included. */
  readonly left: Local<"i32">
  /** How many rows from the top the block above has already. */
  readonly repeated: Local<"i32">
}

/** Runs `body` for each accumulator. */
export function eachSum(sums: Sums, body: (sum: Local<"v128">, row: number, vector: number) => void): void {
  for (const [r, row] of sums.entries()) for (const [v, sum] of row.entries()) body(sum, r, v)
}

/** C = sums or C = D + sums. */
export function emitResult(f: FunctionBuilder, args: GemmArguments, sums: Sums, place: ResultPlace): void {
  const { c, addend, left, repeated } = place
  const rows = [f.let("c0", c)]
  const added = [f.let("d0", addend)]
  for (let r = 1; r < sums.length; r++) {
    rows.push(f.let(`c${r}`, i32.add(rows[r - 1], args.cStep)))
    added.push(f.let(`d${r}`, i32.add(added[r - 1], args.addendStep)))
  }
  const eachOwnRow = (body: (r: number) => void) => {
    for (let r = 0; r < sums.length; r++) {
      if (r < sums.length - 1) f.if(i32.le_s(repeated, r), () => body(r))
      else body(r)
    }
  }
  const whole = () => {
    f.if(args.addend, () =>
      eachSum(sums, (sum, r, v) => f.set(sum, f32x4.add(v128.load(added[r], bias + 16 * v), sum))),
    )
    f.if(
      repeated,
      () => eachOwnRow(r => storeRow(f, rows[r], sums[r])),
      () => {
        for (const [r, row] of rows.entries()) storeRow(f, row, sums[r])
      },
    )
  }
  if (sums[0].length > 1) whole()
  else f.if(i32.ge_s(left, 4), whole, () => eachOwnRow(r => emitLanes(f, args, rows[r], added[r], sums[r][0], left)))
}

function storeRow(f: FunctionBuilder, c: Local<"i32">, row: readonly Local<"v128">[]): void {
  for (const [v, sum] of row.entries()) f.v128.store(c, sum, bias + 16 * v)
}

/** The first one, two or three lanes of a result. */
function emitLanes(
  f: FunctionBuilder,
  { addend }: GemmArguments,
  c: Local<"i32">,
  added: Local<"i32">,
  sum: Local<"v128">,
  count: Local<"i32">,
): void {
  for (const lane of [0, 1, 2]) {
    f.if(i32.gt_s(count, lane), () => {
      f.if(addend, () => {
        const value = f32.add(f32.load(added, bias + 4 * lane), f32x4.extract_lane(sum, lane))
        f.set(sum, f32x4.replace_lane(sum, value, lane))
      })
      f.v128.store32_lane(c, sum, lane, bias + 4 * lane)
    })
  }
}
