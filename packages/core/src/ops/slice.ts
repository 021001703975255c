import { OptionError, ShapeError } from "../errors.ts"
import { type Shape, sizeOf, stridesOf } from "../shape.ts"
import { accumulate } from "./shared/accumulate.ts"
import { alloc, attach, read, record, type Tensor } from "./shared/op.ts"
import { addStrided, contiguous, copyStrided } from "./shared/strided.ts"

/** A bound for each axis from the first on; a number alone is for axis 0, null means the natural end. */
export type Bounds = number | readonly (number | null)[]

/**
 * A part of each axis, from `start` up to but without `end`, every `step`-th entry.
 *
 *     slice(x, 10, 20)                     // rows 10 to 19, not copied
 *     slice(x, [0, -3])                    // the last three columns
 *     slice(x, [null, 1], [null, 5], [1, 2])
 *
 *   y  = x[start..end]
 *   dx += dy there
 *
 * Bounds count from the end when negative and are cut to the axis, as in NumPy. A range of rows shares x's memory.
 * @throws ShapeError for more bounds than axes; OptionError for a bound that is not an integer or a step below 1.
 */
export function slice(x: Tensor, start: Bounds, end: Bounds = [], step: Bounds = []): Tensor {
  const a = read("slice", x)
  const [starts, ends, steps] = [start, end, step].map(bounds => (typeof bounds === "number" ? [bounds] : bounds))
  checkBounds(x, starts, ends, steps)
  const from = x.shape.map((n, i) => inside(starts[i] ?? 0, n))
  const by = x.shape.map((_, i) => steps[i] ?? 1)
  const shape = x.shape.map((n, i) => Math.max(0, Math.ceil((inside(ends[i] ?? n, n) - from[i]) / by[i])))
  const strides = stridesOf(x.shape)
  const offset = from.reduce((sum, f, i) => sum + f * strides[i], 0)
  if (by[0] === 1 && shape.every((n, i) => i === 0 || n === x.shape[i])) return rows(x, shape, offset)
  const [part, plain] = [{ offset, strides: strides.map((s, i) => s * by[i]) }, contiguous(shape)]
  const y = alloc(sizeOf(shape))
  copyStrided(a, part, y, plain, shape)
  return record("slice", y, shape, [x], (dy, dx) => dx && addStrided(dy, plain, dx, part, shape))
}

function rows(x: Tensor, shape: Shape, offset: number): Tensor {
  const size = sizeOf(shape)
  return attach("slice", x.window(shape, size === 0 ? 0 : offset), [x], (dy, dx) => {
    if (dx && size > 0) accumulate(dy, dx.subarray(offset, offset + size))
  })
}

function inside(bound: number, n: number): number {
  return Math.min(Math.max(bound < 0 ? bound + n : bound, 0), n)
}

function checkBounds(x: Tensor, ...lists: readonly (readonly (number | null)[])[]): void {
  for (const list of lists) {
    if (list.length > x.rank) {
      throw new ShapeError(`slice: ${list.length} bounds for ${x.rank} axes`, { facts: { x: x.shape } })
    }
    for (const bound of list) {
      if (bound === null || (Number.isInteger(bound) && (list !== lists[2] || bound >= 1))) continue
      throw new OptionError(`slice: ${bound} is not ${list === lists[2] ? "a step of 1 or more" : "an integer"}`)
    }
  }
}
