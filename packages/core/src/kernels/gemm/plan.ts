import { type gemmLayout, readModes } from "./layout.ts"

/** The tiles that a module can hold. `"4x8"` suits 128-bit vectors; `"4x16"` those that V8 widens to 256 bits. */
export const gemmTiles = {
  "4x8": { rows: 4, columns: 8, unroll: 1 },
  "4x16": { rows: 4, columns: 16, unroll: 4 },
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
  /** The argument block without the three addresses and the accumulate flag. */
  readonly words: Readonly<Omit<Record<keyof typeof gemmLayout, number>, "a" | "b" | "c" | "accumulate">>
}

/** The name of the kernel for a tile and a form of A. */
export function gemmKernelName(tile: GemmTile | "row", transposeA: boolean): string {
  return `gemm_${tile}_${transposeA ? "columns" : "rows"}`
}

/** At most this many k are summed at a stretch where operands are packed: a panel and its rows then stay in caches. */
const packedBlock = 256
/** At most this many where they are not: what a panel's place in scratch memory holds. */
const longestBlock = 2048
/** From this many rows and columns on it pays to pack both operands. */
const rowsWorthPacking = 64
const columnsWorthPacking = 64
/** Rows and columns of a work unit: what its packed rows of A and its partial sums have room for, in L2. */
const unitRowsLimit = 128
const unitColumnsLimit = 256
/** Floats of B that a work unit reads in place, at which it is wide enough. */
const unitFloats = 4096
/** Multiplications that make a work unit worth its dispatch, and how many units a product is to have if it can. */
const unitWork = 1 << 16
const unitsWanted = 8

/** Chooses kernel, work units and packing for a product: by its shape alone. */
export function gemmPlan(shape: GemmShape, tile: GemmTile): GemmPlan {
  const { m, n, k, transposeA = false, transposeB = false } = shape
  const { lda = transposeA ? m : k, ldb = transposeB ? k : n, ldc = n } = shape
  const few = m < gemmTiles[tile].rows
  const packs = m >= rowsWorthPacking && n >= columnsWorthPacking && k >= packedBlock / 4
  const { copied, inPlace, transposed } = readModes
  const aMode = packs ? (transposeA ? copied : transposed) : inPlace
  const bMode = transposeB ? transposed : packs ? copied : inPlace
  const blocks = Math.max(1, Math.ceil(k / (packs ? packedBlock : longestBlock)))
  const kBlock = Math.max(1, Math.ceil(k / blocks))
  const { unitRows, unitColumns } = unitSize(shape, few ? rowTile.rows : gemmTiles[tile].rows, packs, kBlock)
  return {
    kernel: gemmKernelName(few ? "row" : tile, transposeA || packs),
    units: Math.ceil(m / unitRows) * Math.ceil(n / unitColumns),
    words: { m, n, k, aStep: 4 * lda, bStep: 4 * ldb, cStep: 4 * ldc, aMode, bMode, unitRows, unitColumns, kBlock },
  }
}

/** Rows and columns of C in a work unit: large enough to be worth packing, small enough to share the work out. */
function unitSize({ m, n, k }: GemmShape, tileRows: number, packs: boolean, kBlock: number) {
  const panel = tileRows === rowTile.rows ? rowTile.columns : 16
  const widest = packs ? unitColumnsLimit : Math.min(unitColumnsLimit, Math.floor(unitFloats / kBlock))
  let unitColumns = Math.max(panel, Math.min(roundDown(widest, panel), roundUp(n, panel)))
  let unitRows = Math.max(tileRows, Math.min(unitRowsLimit, roundUp(m, tileRows)))
  const fewestRows = packs ? rowsWorthPacking / 2 : 2 * tileRows
  while (Math.ceil(m / unitRows) * Math.ceil(n / unitColumns) < unitsWanted) {
    const work = (Math.min(m, unitRows) * Math.min(n, unitColumns) * k) / 2
    if (work < unitWork) break
    if (unitRows >= 2 * fewestRows) unitRows = roundUp(unitRows / 2, tileRows)
    else if (unitColumns >= 2 * panel) unitColumns = roundUp(unitColumns / 2, panel)
    else break
  }
  return { unitRows, unitColumns }
}

function roundDown(value: number, multiple: number): number {
  return Math.floor(value / multiple) * multiple
}

function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple
}
