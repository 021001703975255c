import { finishRuns } from "../../kernels/queue.ts"
import { broadcastShapes, type Shape, sizeOf } from "../../shape.ts"
import { alloc, allocZeros, type Buffer } from "../../storage.ts"
import { type Tensor, wrap } from "../../tensor.ts"
import { accumulate } from "./accumulate.ts"
import { operand } from "./op.ts"
import { addStrided, contiguous, copyStrided, stretchedLayout } from "./strided.ts"
import { sumMiddle } from "./sums.ts"

/** What an elementwise op takes: a tensor, or a number that stands for a constant scalar. */
export type Operand = Tensor | number

/** An operand broadcast to the shape of the result, so that every loop runs over buffers of one length. */
export class Stretched {
  readonly tensor: Tensor
  /** Its numbers, as many as the result has. */
  readonly data: Buffer
  readonly #shape: Shape

  constructor(op: string, tensor: Tensor, shape: Shape) {
    this.tensor = tensor
    this.#shape = shape
    this.data = spread(operand(op, tensor), tensor.shape, shape)
  }

  /**
   * Lets `add` add to a gradient of the result's shape, and sums that over the axes that were stretched into the
   * operand's own gradient. Does nothing for null.
   */
  gather(gradient: Buffer | null, add: (full: Buffer) => void): void {
    if (gradient === null) return
    const size = sizeOf(this.#shape)
    if (gradient.length === size) {
      add(gradient)
      return
    }
    const full = allocZeros(size)
    add(full)
    sumInto(full, this.#shape, gradient, this.tensor.shape)
  }
}

/**
 * Broadcasts operands to one shape, by NumPy's rule.
 * @throws ShapeError when they do not broadcast.
 */
export function stretch(op: string, ...operands: readonly Operand[]): [stretched: Stretched[], shape: Shape] {
  const tensors = operands.map(x => (typeof x === "number" ? wrap(alloc(1).fill(x), []) : x))
  for (const x of tensors) operand(op, x)
  const shape = tensors.map(x => x.shape).reduce((a, b) => broadcastShapes(op, a, b))
  return [tensors.map(x => new Stretched(op, x, shape)), shape]
}

/** Two operands of one shape, and what a `vectorized` loop makes of them, number by number. */
export function entrywise(op: string, a: Operand, b: Operand, forward: (a: Buffer, b: Buffer, y: Buffer) => void) {
  const [[u, v], shape] = stretch(op, a, b)
  const y = alloc(sizeOf(shape))
  forward(u.data, v.data, y)
  return { u, v, y, shape }
}

/** A buffer of a smaller shape repeated to fill a larger one; the buffer itself when there is nothing to repeat. */
export function spread(data: Buffer, from: Shape, to: Shape): Buffer {
  const size = sizeOf(to)
  if (data.length === size) return data
  const full = alloc(size)
  finishRuns()
  if (data.length === 1) return full.fill(data[0])
  if (data.length !== repeatedTail(from, to)) copyStrided(data, stretchedLayout(from, to), full, contiguous(to), to)
  else {
    // As a whole, one behind the other: what is there is doubled until it is enough.
    full.set(data.subarray(0, size))
    for (let n = data.length; n < size; n *= 2) full.copyWithin(n, 0, Math.min(n, size - n))
  }
  return full
}

/** How many numbers the last axes have that both shapes share. */
function repeatedTail(from: Shape, to: Shape): number {
  let size = 1
  for (let i = 1; i <= from.length && from.at(-i) === to.at(-i); i++) size *= to.at(-i) as number
  return size
}

/** Adds a buffer of a larger shape into one of a smaller, summing over what was stretched, in double. */
export function sumInto(full: Buffer, shape: Shape, gradient: Buffer, small: Shape): void {
  if (gradient.length === repeatedTail(small, shape)) {
    const sums = alloc(gradient.length)
    sumMiddle(full, sums, 1, full.length / sums.length, sums.length, 1)
    accumulate(sums, gradient)
    return
  }
  const sums = new Float64Array(gradient.length)
  addStrided(full, contiguous(shape), sums, stretchedLayout(small, shape), shape)
  for (let i = 0; i < sums.length; i++) gradient[i] += sums[i]
}
