import { type FunctionBuilder, f32x4, i32, type Local, v128 } from "../wasm/index.ts"

/** `"portable"` rounds each product and each sum; `"fused"` rounds once, and needs relaxed SIMD. */
export type GemmArithmetic = "portable" | "fused"

/** How the innermost loop is written. It never changes the order of a sum, so every shape gives the same bits. */
export interface TileShape {
  readonly rows: number
  /** 8, 16 or 32. */
  readonly columns: number
  /** Steps of k in one turn of the loop. */
  readonly unroll: number
  readonly arithmetic: GemmArithmetic
}

/** Where a tile's operands are, and how its loop ends. The tile moves `a` and `b`. */
export interface TileOperands {
  /** A pointer for each row, whose elements are adjacent; or one for all if `aStep` is given: row r is 4 r behind it. */
  readonly a: readonly Local<"i32">[]
  /** Bytes from one k to the next where the elements of a column of A are adjacent. */
  readonly aStep: Local<"i32"> | null
  readonly b: Local<"i32">
  readonly bStep: Local<"i32">
  /** The value of `a[0]` behind the last whole turn of the unrolled loop, and behind the last k. */
  readonly turnsEnd: Local<"i32">
  readonly end: Local<"i32">
}

/**
 * Pointers to vectors stand this many bytes before them, and every offset is that much larger: V8 in Node 22 does not
 * see that an access without offset adjoins one with, and would leave the loop narrow.
 */
export const bias = 16

/** The accumulators of a tile, by row and vector of four columns. */
export type Sums = readonly (readonly Local<"v128">[])[]

/** Declares the accumulators that the tiles of a function share. */
export function declareSums(f: FunctionBuilder, shape: TileShape): Sums {
  return Array.from({ length: shape.rows }, (_, r) =>
    Array.from({ length: shape.columns / 4 }, (_, v) => f.local("v128", `sum${r}_${v}`)),
  )
}

/** sums += A B for one tile and a range of k: products are added one by one, in the order of k. */
export function emitTile(f: FunctionBuilder, shape: TileShape, operands: TileOperands, sums: Sums): void {
  const { a, b, end, turnsEnd } = operands
  f.block(never => {
    f.while(i32.lt_u(a[0], turnsEnd), () => {
      for (let u = 0; u < shape.unroll; u++) {
        // Never taken, no operand lies that low. It only ends the block: TurboFan moves all loads of one to its front, where
        // those of several steps do not fit the registers.
        if (u > 0) f.branchIf(never, i32.eqz(b))
        emitStep(f, shape, operands, sums, u)
      }
      advanceRows(f, operands, shape.unroll)
    })
  })
  if (shape.unroll === 1) return
  f.while(i32.lt_u(a[0], end), () => {
    emitStep(f, shape, operands, sums, 0)
    advanceRows(f, operands, 1)
  })
}

/** One k: a column of A times a row of B. `u` counts the steps since the row pointers of A have moved. */
function emitStep(f: FunctionBuilder, shape: TileShape, operands: TileOperands, sums: Sums, u: number): void {
  const { a, aStep, b, bStep } = operands
  // Pairs of loads (and, in `storeVectors`, of stores) that share a base are what V8 can make one 256-bit instruction of.
  const bs = sums[0].map((_, v) => f.let(`b_${v}`, v128.load(b, bias + 16 * v)))
  for (const [r, row] of sums.entries()) {
    const ar = f.let(`a_${r}`, aStep ? v128.load32_splat(a[0], 4 * r) : v128.load32_splat(a[r], 4 * u))
    if (shape.arithmetic === "fused") {
      for (const [v, sum] of row.entries()) f.set(sum, f32x4.relaxed_madd(ar, bs[v], sum))
    } else {
      // All products of the row come first: the processor's units for products and for sums are then better used.
      const products = bs.map((bv, v) => f.let(`product_${v}`, f32x4.mul(ar, bv)))
      for (const [v, sum] of row.entries()) f.set(sum, f32x4.add(sum, products[v]))
    }
  }
  f.increment(b, bStep)
  if (aStep) f.increment(a[0], aStep)
}

function advanceRows(f: FunctionBuilder, { a, aStep }: TileOperands, steps: number): void {
  if (!aStep) for (const pointer of a) f.increment(pointer, 4 * steps)
}
