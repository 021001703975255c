import { OptionError, ShapeError } from "../errors.ts"
import { sizeOf, stridesOf } from "../shape.ts"
import { alloc, read, record, type Tensor } from "./shared/op.ts"
import { addStrided, contiguous, copyStrided } from "./shared/strided.ts"

/**
 * A border around each axis.                                              [n, ...] -> [before + n + after, ...]
 *
 *   y  = x, and `value` (0 by default) around it
 *   dx += dy inside the border
 *
 * @throws ShapeError unless there is one [before, after] for each axis; OptionError for widths that are not integers
 *   from 0 on.
 */
export function pad(x: Tensor, widths: readonly (readonly [number, number])[], value = 0): Tensor {
  const a = read("pad", x)
  if (widths.length !== x.rank) {
    throw new ShapeError(`pad: ${widths.length} pairs of widths for ${x.rank} axes`, { facts: { x: x.shape } })
  }
  const bad = widths.flat().find(width => !Number.isInteger(width) || width < 0)
  if (bad !== undefined) throw new OptionError(`pad: a width is an integer from 0 on, got ${bad}`)
  const shape = x.shape.map((n, i) => widths[i][0] + n + widths[i][1])
  const strides = stridesOf(shape)
  const middle = { offset: widths.reduce((sum, [before], i) => sum + before * strides[i], 0), strides }
  const y = alloc(sizeOf(shape)).fill(value)
  copyStrided(a, contiguous(x.shape), y, middle, x.shape)
  return record("pad", y, shape, [x], (dy, dx) => {
    if (dx) addStrided(dy, middle, dx, contiguous(x.shape), x.shape)
  })
}
