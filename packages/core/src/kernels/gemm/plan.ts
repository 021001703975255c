import { type gemmLayout, readModes } from "./layout.ts"

/**
 * The tiles that a module can hold: for 128-bit vectors, and two for those that V8 widens to 256 bits, of which the unrolled
 * one is faster in Node 24 and later and half as fast in Node 22.
 */
export const gemmTiles = {
  "4x8": { rows: 4, columns: 8, unroll: 4 },
  "4x16": { rows: 4, columns: 16, unroll: 1 },
  "4x16u4": { rows: 4, columns: 16, unroll: 4 },
} as const

/** The name of a tile. */
export type GemmTile = keyof typeof gemmTiles

/** Tile of products with fewer rows than the tiles above have: one row at a time. */
export const rowTile = { rows: 1, columns: 32, unroll: 1 } as const

/** A product's sizes, op(A) [m, k] and op(B) [k, n], and whether its operands are stored transposed. */
export interface GemmShape {
  readonly m: number
  readonly n: number
  readonly k: number
  /** A is stored as [k, m]. */
  readonly transposeA?: boolean
  /** B is stored as [n, k]. */
  readonly transposeB?: boolean
  /** Elements from row to row of A, B and C as stored; by default rows lie without gaps. */
  readonly lda?: number
  readonly ldb?: number
  readonly ldc?: number
}

/** How a product is to be computed: which kernel, in how many work units, and what its argument block holds. */
export interface GemmPlan {
  /** The kernel's name in the module. */
  readonly kernel: string
  /** How many work units the product has; they may be done in any order, by any thread, with the same bits. */
  readonly units: number
  /** The argument block without addresses and without what is added. */
  readonly words: Readonly<Omit<Record<keyof typeof gemmLayout, number>, "a" | "b" | "c" | "addend" | "addendStep">>
}

/** The name of the kernel for a tile and a form of A. */
export function gemmKernelName(tile: GemmTile | "row", transposeA: boolean): string {
  return `gemm_${tile}_${transposeA ? "columns" : "rows"}`
}

/** At most this many k are summed at a stretch where operands are packed: a panel and its rows then stay in caches. */
const packedBlock = 256
/** At most this many where B is read in place: its columns then stay in L1 while all rows of a unit go by. */
const inPlaceBlock = 132
/** At most this many for single rows, which meet B once: what a panel's place in scratch memory holds. */
const longestBlock = 2048
/** It pays to pack both operands from this many rows of A and floats of B on. */
const rowsWorthPacking = 64
const floatsWorthPacking = 1 << 15
/** The largest packed work unit: its rows of A and its partial sums stay in L2. */
const packedUnit = { rows: 128, columns: 256 } as const
/** The smallest: packing is done again in each unit, so fewer rows or columns than pay for it are too few. */
const leastPackedSide = 32
/** The largest unit in place: its rows, and the floats of B that it goes through, stay in L1. */
const unitRowsInPlace = 32
const unitFloatsInPlace = 4096
/**
 * A matrix B of at most so many floats every thread may read whole: then units are rows of C, none smaller than the others,
 * and what is computed next from these rows likely finds them in its thread's cache.
 */
const floatsReadWhole = 1 << 14
/** Multiplications that make a work unit worth its dispatch, and how many units a product is to have if it can. */
const unitWork = 1 << 15
const unitsWanted = 8

/** Chooses kernel, work units and packing for a product: by its shape alone. */
export function gemmPlan(shape: GemmShape, tile: GemmTile): GemmPlan {
  const { m, n, k, transposeA = false, transposeB = false } = shape
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n } = shape
  const few = m < gemmTiles[tile].rows
  const packs = m >= rowsWorthPacking && k >= packedBlock / 4 && n * k >= floatsWorthPacking
  const { copied, inPlace, transposed } = readModes
  const aMode = packs ? (transposeA ? copied : transposed) : inPlace
  const bMode = transposeB ? transposed : packs ? copied : inPlace
  const kBlock = blockOf(k, few ? longestBlock : packs ? packedBlock : inPlaceBlock)
  const { unitRows, unitColumns } = unitSize(shape, few ? rowTile.rows : gemmTiles[tile].rows, packs, kBlock)
  return {
    kernel: gemmKernelName(few ? "row" : tile, transposeA || packs),
    units: Math.ceil(m / unitRows) * Math.ceil(n / unitColumns),
    words: { m, n, k, aStep: 4 * lda, bStep: 4 * ldb, cStep: 4 * ldc, aMode, bMode, unitRows, unitColumns, kBlock },
  }
}

/** Equal ranges of k, each of whole turns of an unrolled loop but for the last. */
function blockOf(k: number, longest: number): number {
  const blocks = Math.max(1, Math.ceil(k / longest))
  return blocks === 1 ? Math.max(1, k) : Math.ceil(k / blocks / 4) * 4
}

/** Rows and columns of C in a work unit: large enough to be worth its overhead, small enough to share the work out. */
function unitSize(shape: GemmShape, tileRows: number, packs: boolean, kBlock: number) {
  const { m, n, k } = shape
  const inPlace = !packs && !shape.transposeA && !shape.transposeB
  if (inPlace && n * k <= floatsReadWhole && m >= 8 * tileRows && m * n * k >= 4 * unitWork) {
    return { unitRows: share(m, Math.min(unitRowsInPlace, m / 4), tileRows), unitColumns: share(n, n, 16) }
  }
  const panel = tileRows === rowTile.rows ? rowTile.columns : 16
  const widest = packs ? packedUnit.columns : Math.floor(unitFloatsInPlace / kBlock)
  const leastRows = packs ? leastPackedSide : 2 * tileRows
  const leastColumns = packs ? leastPackedSide : panel
  let unitRows = share(m, packs ? packedUnit.rows : unitRowsInPlace, tileRows)
  let unitColumns = share(n, Math.min(packedUnit.columns, Math.max(panel, widest)), panel)
  while (Math.ceil(m / unitRows) * Math.ceil(n / unitColumns) < unitsWanted) {
    if (Math.min(m, unitRows) * Math.min(n, unitColumns) * k < 2 * unitWork) break
    if (unitColumns >= 2 * leastColumns && (unitColumns >= unitRows || !packs)) {
      unitColumns = share(n, unitColumns / 2, panel)
    } else if (unitRows >= 2 * leastRows) {
      unitRows = share(m, unitRows / 2, tileRows)
    } else {
      break
    }
  }
  return { unitRows, unitColumns }
}

/** The size of equal parts of `total` that are at most `limit`, but for their rounding up to a multiple. */
function share(total: number, limit: number, multiple: number): number {
  const parts = Math.max(1, Math.ceil(total / limit))
  return Math.max(multiple, Math.ceil(total / parts / multiple) * multiple)
}
