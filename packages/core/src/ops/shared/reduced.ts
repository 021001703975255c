import { checkBoolean, checkKeys, ShapeError } from "../../errors.ts"
import { resolveAxes, type Shape, sizeOf } from "../../shape.ts"
import { alloc, allocZeros, type Buffer } from "../../storage.ts"
import type { Tensor } from "../../tensor.ts"
import { read } from "./op.ts"
import { addStrided, contiguous, copyStrided, permutedLayout } from "./strided.ts"

/** What a reduction may be told. */
export interface ReduceOptions {
  /** The axis or axes to reduce, counted from the end when negative; all when left out. */
  readonly axis?: number | readonly number[]
  /** Keeps each reduced axis with size 1. */
  readonly keepDims?: boolean
}

/**
 * A tensor seen as [outer, n, inner] with the middle reduced. Axes that are not neighbours are first brought together
 * at the end, in a copy.
 */
export class Reduced {
  readonly data: Buffer
  readonly outer: number
  readonly n: number
  readonly inner: number
  /** The shape of the result. */
  readonly shape: Shape
  readonly #from: Shape
  /** The order in which the axes of x were taken; null when they were left as they are. */
  readonly #order: readonly number[] | null

  constructor(x: Tensor, data: Buffer, axes: readonly number[], keepDims: boolean) {
    const kept = x.shape.map((_, i) => i).filter(i => !axes.includes(i))
    const first = axes.length > 0 ? axes[0] : x.rank
    const together = axes.every((axis, i) => axis === first + i)
    const order = together ? null : [...kept, ...axes]
    this.#from = x.shape
    this.#order = order
    this.data = order ? permute(data, x.shape, order) : data
    this.n = sizeOf(axes.map(axis => x.shape[axis]))
    this.outer = sizeOf(order ? kept.map(i => x.shape[i]) : x.shape.slice(0, first))
    this.inner = order ? 1 : sizeOf(x.shape.slice(first + axes.length))
    this.shape = keepDims ? x.shape.map((d, i) => (axes.includes(i) ? 1 : d)) : kept.map(i => x.shape[i])
  }

  /** How many results there are. */
  get size(): number {
    return this.outer * this.inner
  }

  /** Lets `add` add to a gradient laid out like `data`, and puts it in x's own order. Does nothing for null. */
  gather(gradient: Buffer | null, add: (full: Buffer) => void): void {
    if (gradient === null) return
    if (this.#order === null) {
      add(gradient)
      return
    }
    const full = allocZeros(gradient.length)
    add(full)
    const shape = this.#order.map(axis => this.#from[axis])
    addStrided(full, contiguous(shape), gradient, permutedLayout(this.#from, this.#order), shape)
  }
}

function permute(data: Buffer, from: Shape, order: readonly number[]): Buffer {
  const shape = order.map(axis => from[axis])
  const copy = alloc(data.length)
  copyStrided(data, permutedLayout(from, order), copy, contiguous(shape), shape)
  return copy
}

/**
 * Prepares a reduction.
 * @throws ShapeError for an axis that does not exist; OptionError for an unknown option.
 */
export function reduced(op: string, x: Tensor, options: ReduceOptions): Reduced {
  const data = read(op, x)
  checkKeys(op, options, ["axis", "keepDims"])
  const { axis, keepDims = false } = options
  return new Reduced(x, data, resolveAxes(op, axis, x.rank), checkBoolean(op, "keepDims", keepDims))
}

type Fold = (x: Buffer, y: Buffer, outer: number, n: number, inner: number) => void

/** A reduction, and what a loop makes of the middle axis. @throws like `reduced`. */
export function folded(op: string, x: Tensor, options: ReduceOptions, fold: Fold): { r: Reduced; y: Buffer } {
  const r = reduced(op, x, options)
  const y = alloc(r.size)
  fold(r.data, y, r.outer, r.n, r.inner)
  return { r, y }
}

/** The same for one that has no value over nothing. @throws ShapeError when n is 0. */
export const foldedSome: typeof folded = (op, x, options, fold) =>
  folded(op, x, options, (data, y, outer, n, inner) => {
    if (n === 0) throw new ShapeError(`${op}: there is nothing to reduce`, { facts: { x: x.shape } })
    fold(data, y, outer, n, inner)
  })
