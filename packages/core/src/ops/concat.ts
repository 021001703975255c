import { describe, OptionError, ShapeError } from "../errors.ts"
import { resolveAxis, sizeOf } from "../shape.ts"
import { alloc, type Buffer, read, record, type Tensor, vectorized } from "./shared/op.ts"

/**
 * Tensors one behind the other along an axis, the last by default.        [.., a, ..] [.., b, ..] -> [.., a + b, ..]
 *
 *   y   = x0, x1, ...
 *   dxi += the part of dy where xi went
 *
 * @throws ShapeError when the shapes differ along another axis, OptionError for an empty list.
 */
export function concat(xs: readonly Tensor[], axis = -1): Tensor {
  const list: unknown = xs
  if (!Array.isArray(list)) throw new OptionError(`concat: takes a list of tensors, got ${describe(xs)}`)
  if (xs.length === 0) throw new OptionError("concat: needs at least one tensor")
  const buffers = xs.map(x => read("concat", x))
  const first = xs[0]
  const at = resolveAxis("concat", axis, first.rank)
  for (const x of xs) checkAlike(first, x, at)
  const total = xs.reduce((sum, x) => sum + x.shape[at], 0)
  const shape = first.shape.map((n, i) => (i === at ? total : n))
  const [outer, inner] = [sizeOf(shape.slice(0, at)), sizeOf(shape.slice(at + 1))]
  const width = total * inner
  const widths = xs.map(x => x.shape[at] * inner)
  const starts = widths.map((_, i) => widths.slice(0, i).reduce((sum, w) => sum + w, 0))
  const y = alloc(outer * width)
  buffers.forEach((x, i) => {
    copyIntoColumns(x, y, outer, widths[i], width, starts[i])
  })
  return record("concat", y, shape, xs, (dy, ...gradients) => {
    gradients.forEach((dx, i) => {
      if (dx) addFromColumns(dy, dx, outer, widths[i], width, starts[i])
    })
  })
}

const copyIntoColumns = vectorized(
  "copyIntoColumns",
  (x: Buffer, y: Buffer, rows: number, n: number, width: number, start: number) => {
    for (let r = 0; r < rows; r++) for (let j = 0; j < n; j++) y[r * width + start + j] = x[r * n + j]
  },
)

const addFromColumns = vectorized(
  "addFromColumns",
  (dy: Buffer, dx: Buffer, rows: number, n: number, width: number, start: number) => {
    for (let r = 0; r < rows; r++) for (let j = 0; j < n; j++) dx[r * n + j] += dy[r * width + start + j]
  },
)

function checkAlike(first: Tensor, x: Tensor, axis: number): void {
  if (x.rank === first.rank && x.shape.every((n, i) => i === axis || n === first.shape[i])) return
  throw new ShapeError("concat: the shapes differ along another axis", {
    facts: { first: first.shape, other: x.shape, axis },
    rule: "all dimensions but that of the axis are equal",
  })
}
