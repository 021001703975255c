import type { Local } from "../wasm/index.ts"
import type { TileShape } from "./tile.ts"

/**
 * The argument block of every product kernel, C = A B or C = D + A B with C and D [m, n], A [m, k], B [k, n]. Addresses
 * and steps are in bytes.
 */
export const gemmLayout = {
  a: "i32",
  b: "i32",
  c: "i32",
  /** D, which may be C itself; 0: nothing is added. */
  addend: "i32",
  m: "i32",
  n: "i32",
  k: "i32",
  /** From row to row of A where its rows are contiguous; from k to k where its columns are. */
  aStep: "i32",
  /** From row to row of B where its rows are contiguous; from column to column where its columns are. */
  bStep: "i32",
  /** From row to row of C. */
  cStep: "i32",
  /** From row to row of D: 0 where all are the same. */
  addendStep: "i32",
  /** How A and B are read: values of `readModes`. A is read in place by the kernel for its form, packed by the other. */
  aMode: "i32",
  bMode: "i32",
  /** How many rows and columns of C a work unit has: a multiple of the tile's rows, of the panel's columns. */
  unitRows: "i32",
  unitColumns: "i32",
  /** How many k are summed before the next rows are turned to; the sums wait in scratch memory meanwhile. */
  kBlock: "i32",
} as const

/** In place; copied first, from contiguous rows of B or columns of A; copied from columns of B or rows of A. */
export const readModes = { inPlace: 0, copied: 1, transposed: 2 } as const

/** The words of the argument block, as locals of a kernel. */
export type GemmArguments = { readonly [K in keyof typeof gemmLayout]: Local<"i32"> }

/** How many columns of B a kernel goes through k with. */
export function panelColumns(shape: TileShape): number {
  return Math.max(16, shape.columns)
}

/** Scratch memory: a panel of B, then packed rows of A, partial sums, and a tile of zeros. */
export const scratchMap = { aPacked: 1 << 18, partial: 1 << 19, zeros: (1 << 20) - 1024 } as const
