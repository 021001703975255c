import { checkBoolean, checkKeys, ShapeError } from "../errors.ts"
import { gemm } from "../kernels/gemm.ts"
import { broadcastShapes, type Shape, sizeOf } from "../shape.ts"
import { alloc, type Buffer, read, record, type Tensor } from "./shared/op.ts"
import { contiguous, copyStrided, stretchedLayout } from "./shared/strided.ts"

/** What `matmul` may be told. */
export interface MatmulOptions {
  /** Takes the last two axes of a the other way round. */
  readonly transposeA?: boolean
  /** Takes the last two axes of b the other way round. */
  readonly transposeB?: boolean
}

/**
 * Matrix product; leading axes are batches and broadcast.         [..., m, k] [..., k, n] -> [..., m, n]
 *
 *   y  = A B, where A is a or its transpose and B is b or its transpose
 *   dA += dy Bᵀ
 *   dB += Aᵀ dy
 *
 * Neither operand is copied to be transposed.
 * @throws ShapeError when the inner dimensions differ, an operand has fewer than two axes, or batches do not broadcast;
 *   OptionError for an unknown option.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  checkKeys("matmul", options, ["transposeA", "transposeB"])
  const transposeA = checkBoolean("matmul", "transposeA", options.transposeA ?? false)
  const transposeB = checkBoolean("matmul", "transposeB", options.transposeB ?? false)
  const [u, v] = [read("matmul", a), read("matmul", b)]
  const [m, k, n] = innerShape(a, b, transposeA, transposeB)
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2))
  const pairs = new Pairs(a, b, batch, m * k, k * n, m * n)
  const y = alloc(sizeOf(batch) * m * n)
  pairs.each(u, v, y, (a, b, y) => gemm(a, b, y, m, n, k, { transposeA, transposeB }))
  return record("matmul", y, [...batch, m, n], [a, b], (dy, da, db) => {
    const [tA, tB, accumulate] = [transposeA, transposeB, true]
    if (da && tA) pairs.each(da, v, dy, (da, b, dy) => gemm(b, dy, da, k, m, n, trans(tB, true)))
    else if (da) pairs.each(da, v, dy, (da, b, dy) => gemm(dy, b, da, m, k, n, trans(false, !tB)))
    if (db && tB) pairs.each(u, db, dy, (a, db, dy) => gemm(dy, a, db, n, k, m, trans(true, tA)))
    else if (db) pairs.each(u, db, dy, (a, db, dy) => gemm(a, dy, db, k, n, m, trans(!tA, false)))
    function trans(transposeA: boolean, transposeB: boolean) {
      return { transposeA, transposeB, accumulate }
    }
  })
}

function innerShape(a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): [m: number, k: number, n: number] {
  const facts = { a: a.shape, b: b.shape, transposeA: String(transposeA), transposeB: String(transposeB) }
  if (a.rank < 2 || b.rank < 2) {
    throw new ShapeError("matmul: both operands need at least two axes", { facts, hint: "reshape a vector to [1, n]" })
  }
  const [aRows, aColumns] = a.shape.slice(-2)
  const [bRows, bColumns] = b.shape.slice(-2)
  const [m, k] = transposeA ? [aColumns, aRows] : [aRows, aColumns]
  const [inner, n] = transposeB ? [bColumns, bRows] : [bRows, bColumns]
  if (k === inner) return [m, k, n]
  throw new ShapeError(`matmul: the inner dimensions ${k} and ${inner} differ`, {
    facts,
    rule: "the columns of the first matrix = the rows of the second",
  })
}

/** Which matrix of a meets which matrix of b, for every matrix of the result. */
class Pairs {
  readonly #a: Buffer
  readonly #b: Buffer
  readonly #sizes: readonly [number, number, number]

  constructor(a: Tensor, b: Tensor, batch: Shape, aSize: number, bSize: number, ySize: number) {
    this.#a = matrixNumbers(a.shape.slice(0, -2), batch)
    this.#b = matrixNumbers(b.shape.slice(0, -2), batch)
    this.#sizes = [aSize, bSize, ySize]
  }

  each(a: Buffer, b: Buffer, y: Buffer, run: (a: Buffer, b: Buffer, y: Buffer) => void): void {
    const [p, q, r] = this.#sizes
    if (this.#a.length === 1) {
      run(a, b, y)
      return
    }
    for (let i = 0; i < this.#a.length; i++) {
      run(part(a, this.#a[i], p), part(b, this.#b[i], q), part(y, i, r))
    }
  }
}

function part(buffer: Buffer, index: number, size: number): Buffer {
  return buffer.subarray(index * size, (index + 1) * size)
}

function matrixNumbers(own: Shape, batch: Shape): Buffer {
  const numbers = new Float64Array(sizeOf(own)).map((_, i) => i)
  const stretched = new Float64Array(sizeOf(batch))
  copyStrided(numbers, stretchedLayout(own, batch), stretched, contiguous(batch), batch)
  return stretched
}
