import { checkNumber, OptionError } from "../errors.ts"
import * as simd from "../kernels/simd/index.ts"
import { alloc, type Buffer, read, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Limits every entry to a range.                                          shape kept
 *
 *   y  = min(max(x, low), high)
 *   dx += dy where low <= x <= high
 *
 * @throws OptionError unless low <= high; either may be infinite.
 */
export function clip(x: Tensor, low: number, high: number): Tensor {
  const [a, y] = [read("clip", x), alloc(x.size)]
  for (const limit of [low, high]) if (Number.isNaN(limit)) checkNumber("clip", "limit", limit)
  if (!(low <= high)) throw new OptionError(`clip: the lower limit ${low} is above the upper limit ${high}`)
  clipForward(a, y, low, high)
  return record("clip", y, x.shape, [x], (dy, dx) => dx && clipBackward(a, dy, dx, low, high))
}

const clipForward = vectorized(
  "clipForward",
  (x: Buffer, y: Buffer, low: number, high: number) => {
    for (let i = 0; i < y.length; i++) y[i] = Math.min(Math.max(x[i], low), high)
  },
  simd.clipForward,
)

const clipBackward = vectorized(
  "clipBackward",
  (x: Buffer, dy: Buffer, dx: Buffer, low: number, high: number) => {
    for (let i = 0; i < dx.length; i++) if (x[i] >= low && x[i] <= high) dx[i] += dy[i]
  },
  simd.clipBackward,
)
