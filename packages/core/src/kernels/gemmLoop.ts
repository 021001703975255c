import type { Buffer } from "../storage.ts"

/** Which operands of a product are transposed, and what it is added to: what is there, or a row. */
export interface ProductOptions {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
  readonly accumulate?: boolean
  /** [n], added to every row; not with `accumulate`. */
  readonly bias?: Buffer | null
}

interface Strides {
  readonly aRow: number
  readonly aColumn: number
  readonly bRow: number
  readonly bColumn: number
}

const exact = (x: number) => x
// Columns of B packed at a time: with k up to about 1,000 the block stays in a second-level cache.
const blockColumns = 64

/**
 * C = op(A) op(B), bias + op(A) op(B), or C += op(A) op(B).      [m, k] [k, n] -> [m, n], row-major
 *
 * Every element of C is its products summed in order of k from zero, product and sum each rounded to the buffers'
 * precision, and only then added to C or bias: no tile size, thread count or instruction width changes a bit of it.
 */
export function gemmLoop(
  a: Buffer,
  b: Buffer,
  c: Buffer,
  m: number,
  n: number,
  k: number,
  options: ProductOptions = {},
  addend: Buffer | null = options.accumulate ? c : (options.bias ?? null),
): void {
  const { transposeA = false, transposeB = false } = options
  const strides = {
    aRow: transposeA ? 1 : k,
    aColumn: transposeA ? m : 1,
    bRow: transposeB ? 1 : n,
    bColumn: transposeB ? k : 1,
  }
  const panel = c instanceof Float32Array ? panels32(k) : panels64(k)
  const round = c instanceof Float32Array ? Math.fround : exact
  for (let j = 0; j < n; j += blockColumns) {
    const columns = Math.min(blockColumns, n - j)
    packColumns(b, panel.b, j, columns, k, strides)
    for (let i = 0; i < m; i += 4) {
      const rows = Math.min(4, m - i)
      packRows(a, panel.a, i, rows, k, strides)
      for (let s = 0; s < columns; s += 4) {
        tile(panel.a, panel.b, s * k, k, panel.sums, round)
        store(panel.sums, c, i, j + s, rows, Math.min(4, columns - s), n, addend)
      }
    }
  }
}

interface Panels {
  /** Four rows of A, interleaved by k. */
  readonly a: Buffer
  /** Strips of four columns of B, each interleaved by k. */
  readonly b: Buffer
  readonly sums: Buffer
}

let kept32: Panels = { a: new Float32Array(0), b: new Float32Array(0), sums: new Float32Array(16) }

function panels32(k: number): Panels {
  if (kept32.a.length < 4 * k) {
    kept32 = { ...kept32, a: new Float32Array(4 * k), b: new Float32Array(blockColumns * k) }
  }
  return kept32
}

function panels64(k: number): Panels {
  return { a: new Float64Array(4 * k), b: new Float64Array(blockColumns * k), sums: new Float64Array(16) }
}

function packRows(a: Buffer, panel: Buffer, row: number, rows: number, k: number, { aRow, aColumn }: Strides): void {
  // Rows past the edge repeat the last one: their sums are never stored.
  for (let r = 0; r < 4; r++) {
    let at = (row + Math.min(r, rows - 1)) * aRow
    for (let p = 0; p < k; p++, at += aColumn) panel[4 * p + r] = a[at]
  }
}

function packColumns(b: Buffer, panel: Buffer, column: number, columns: number, k: number, strides: Strides): void {
  const { bRow, bColumn } = strides
  for (let s = 0; s < columns; s += 4) {
    for (let q = 0; q < 4; q++) {
      let at = (column + Math.min(s + q, columns - 1)) * bColumn
      for (let p = 0; p < k; p++, at += bRow) panel[s * k + 4 * p + q] = b[at]
    }
  }
}

/** Sixteen sums at once, so that each number loaded is used four times. */
function tile(a: Buffer, b: Buffer, strip: number, k: number, sums: Buffer, round: (x: number) => number): void {
  let [c00, c01, c02, c03] = [0, 0, 0, 0]
  let [c10, c11, c12, c13] = [0, 0, 0, 0]
  let [c20, c21, c22, c23] = [0, 0, 0, 0]
  let [c30, c31, c32, c33] = [0, 0, 0, 0]
  for (let p = 0, q = strip; p < 4 * k; p += 4, q += 4) {
    const b0 = b[q]
    const b1 = b[q + 1]
    const b2 = b[q + 2]
    const b3 = b[q + 3]
    const a0 = a[p]
    c00 = round(c00 + round(a0 * b0))
    c01 = round(c01 + round(a0 * b1))
    c02 = round(c02 + round(a0 * b2))
    c03 = round(c03 + round(a0 * b3))
    const a1 = a[p + 1]
    c10 = round(c10 + round(a1 * b0))
    c11 = round(c11 + round(a1 * b1))
    c12 = round(c12 + round(a1 * b2))
    c13 = round(c13 + round(a1 * b3))
    const a2 = a[p + 2]
    c20 = round(c20 + round(a2 * b0))
    c21 = round(c21 + round(a2 * b1))
    c22 = round(c22 + round(a2 * b2))
    c23 = round(c23 + round(a2 * b3))
    const a3 = a[p + 3]
    c30 = round(c30 + round(a3 * b0))
    c31 = round(c31 + round(a3 * b1))
    c32 = round(c32 + round(a3 * b2))
    c33 = round(c33 + round(a3 * b3))
  }
  put(sums, 0, c00, c01, c02, c03)
  put(sums, 4, c10, c11, c12, c13)
  put(sums, 8, c20, c21, c22, c23)
  put(sums, 12, c30, c31, c32, c33)
}

function put(sums: Buffer, at: number, s0: number, s1: number, s2: number, s3: number): void {
  sums[at] = s0
  sums[at + 1] = s1
  sums[at + 2] = s2
  sums[at + 3] = s3
}

function store(
  sums: Buffer,
  c: Buffer,
  row: number,
  column: number,
  rows: number,
  columns: number,
  n: number,
  addend: Buffer | null,
): void {
  const step = addend === c ? n : 0
  for (let r = 0; r < rows; r++) {
    for (let q = 0; q < columns; q++) {
      const at = (row + r) * n + column + q
      const sum = sums[4 * r + q]
      c[at] = addend ? addend[(row + r) * step + column + q] + sum : sum
    }
  }
}
