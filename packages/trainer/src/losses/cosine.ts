import { alloc, type Buffer, OptionError, record, type Shape, sizeOf, type Tensor } from "@selvedge/core"

/** Where the numbers along one axis lie: `count` lines of `length` numbers, `stride` apart. */
export interface Lines {
  readonly count: number
  readonly length: number
  readonly stride: number
  /** Where line `i` starts. */
  start(i: number): number
  /** The shape without the axis. */
  readonly outer: Shape
}

/** @throws OptionError when the axis does not exist. */
export function linesAlong(owner: string, shape: Shape, axis: number): Lines {
  const at = axis < 0 ? axis + shape.length : axis
  if (at < 0 || at >= shape.length) {
    throw new OptionError(`${owner}: axis ${axis} does not exist in a tensor of rank ${shape.length}`)
  }
  const length = shape[at]!
  const stride = sizeOf(shape.slice(at + 1))
  const outer = shape.filter((_, i) => i !== at)
  const start = (i: number) => Math.floor(i / stride) * stride * length + (i % stride)
  return { count: sizeOf(outer), length, stride, start, outer }
}

/**
 * Minus the cosine between two tensors along an axis.                 [..., n, ...] -> [..., ...]
 *
 *   y = -t̂ p̂ with x̂ = x / sqrt(max(x x, 1e-12));  dp += dy (-t̂ - y p̂) / |p|
 */
export function cosine(yTrue: Tensor, yPred: Tensor, axis: number): Tensor {
  const lines = linesAlong("CosineSimilarity", yPred.shape, axis)
  const [t, p, y] = [yTrue.read(), yPred.read(), alloc(lines.count)]
  for (let i = 0; i < lines.count; i++) {
    y[i] = -dot(t, p, lines, i) / (lengthOf(t, lines, i) * lengthOf(p, lines, i))
  }
  return record("cosine", y, lines.outer, [yPred], (dy, dp) => {
    if (!dp) return
    for (let i = 0; i < lines.count; i++) {
      const [a, b] = [lengthOf(t, lines, i), lengthOf(p, lines, i)]
      // A vector cut at the smallest length is scaled by a constant: its own direction counts in full.
      const turn = dot(p, p, lines, i) < SMALLEST ? 0 : y[i]! / (b * b)
      for (let j = 0, at = lines.start(i); j < lines.length; j++, at += lines.stride) {
        dp[at]! += dy[i]! * (-t[at]! / (a * b) - turn * p[at]!)
      }
    }
  })
}

const SMALLEST = 1e-12

const lengthOf = (x: Buffer, lines: Lines, i: number) => Math.sqrt(Math.max(dot(x, x, lines, i), SMALLEST))

function dot(a: Buffer, b: Buffer, { start, length, stride }: Lines, i: number): number {
  let sum = 0
  for (let j = 0, at = start(i); j < length; j++, at += stride) sum += a[at]! * b[at]!
  return sum
}
