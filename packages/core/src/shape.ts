import { describe, OptionError, ShapeError } from "./errors.ts"

/** Sizes of a tensor's dimensions, outermost first; `[]` is a scalar. */
export type Shape = readonly number[]

/** Product of the dimensions: how many numbers a tensor of that shape holds. */
export function sizeOf(shape: Shape): number {
  let size = 1
  for (let i = 0; i < shape.length; i++) size *= shape[i]
  return size
}

/** Row-major strides: how far apart in the buffer two neighbours along each axis are. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let i = shape.length - 1; i >= 0; i--) {
    strides[i] = stride
    stride *= shape[i]
  }
  return strides
}

/** True when both shapes have the same dimensions. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** @throws ShapeError for anything but a list of non-negative integers. */
export function checkShape(op: string, shape: Shape): void {
  if (Array.isArray(shape) && shape.every(n => Number.isInteger(n) && n >= 0)) return
  throw new ShapeError(`${op}: a shape is a list of non-negative integers, got ${describe(shape)}`)
}

/**
 * An axis counted from the front; -1 is the last.
 * @throws ShapeError when there is no such axis.
 */
export function resolveAxis(op: string, axis: number, rank: number): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis
  throw new ShapeError(`${op}: axis ${axis} does not exist in a tensor of rank ${rank}`, {
    rule: rank === 0 ? "a scalar has no axes" : `axis is an integer from ${-rank} to ${rank - 1}`,
  })
}

/**
 * Axes counted from the front, ascending and distinct; undefined means all of them.
 * @throws ShapeError for an axis that does not exist or is named twice.
 */
export function resolveAxes(op: string, axis: number | readonly number[] | undefined, rank: number): number[] {
  if (axis === undefined) return Array.from({ length: rank }, (_, i) => i)
  if (typeof axis !== "number" && !Array.isArray(axis)) {
    throw new OptionError(`${op}: axis is a number or a list of numbers, got ${describe(axis)}`)
  }
  const axes = (typeof axis === "number" ? [axis] : [...axis]).map(a => resolveAxis(op, a, rank)).sort((a, b) => a - b)
  const twice = axes.find((a, i) => a === axes[i + 1])
  if (twice !== undefined) throw new ShapeError(`${op}: axis ${twice} is named twice`, { facts: { axis: axes } })
  return axes
}

/**
 * The shape that both operands stretch to, by NumPy's rule.
 * @throws ShapeError when a pair of dimensions differs and neither is 1.
 */
export function broadcastShapes(op: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a
  const rank = Math.max(a.length, b.length)
  const shape = new Array<number>(rank)
  for (let i = 0; i < rank; i++) {
    const m = a[a.length - rank + i] ?? 1
    const n = b[b.length - rank + i] ?? 1
    if (m !== n && m !== 1 && n !== 1) {
      throw new ShapeError(`${op}: ${m} and ${n} do not broadcast`, {
        facts: { a, b },
        rule: "aligned at the last axis, two dimensions are equal or one of them is 1",
      })
    }
    shape[i] = m === 1 ? n : m
  }
  return shape
}

/**
 * A tensor seen as rows along its last axis.
 * @throws ShapeError for a scalar.
 */
export function asRows(op: string, shape: Shape): [rows: number, columns: number] {
  if (shape.length === 0) throw new ShapeError(`${op}: needs at least one axis, got a scalar`, { facts: { x: shape } })
  const columns = shape[shape.length - 1]
  return [sizeOf(shape.slice(0, -1)), columns]
}

/**
 * Replaces one -1 in a requested shape by what is left.
 * @throws ShapeError when the sizes do not agree, OptionError for two -1.
 */
export function inferShape(op: string, from: Shape, to: Shape): Shape {
  const size = sizeOf(from)
  const list: unknown = to
  if (!Array.isArray(list)) throw new ShapeError(`${op}: a shape is a list of integers, got ${describe(to)}`)
  const open = to.indexOf(-1)
  if (open >= 0 && to.indexOf(-1, open + 1) >= 0) {
    throw new OptionError(`${op}: only one dimension can be -1`, { facts: { shape: to } })
  }
  const known = to.reduce((product, n) => (n === -1 ? product : product * n), 1)
  const shape = open < 0 ? to : to.map(n => (n === -1 ? (known === 0 ? 0 : size / known) : n))
  checkShapeFits(op, from, shape, to)
  return shape
}

function checkShapeFits(op: string, from: Shape, shape: Shape, asked: Shape): void {
  if (shape.every(n => Number.isInteger(n) && n >= 0) && sizeOf(shape) === sizeOf(from)) return
  throw new ShapeError(`${op}: ${sizeOf(from)} values do not fill the shape [${asked.join(", ")}]`, {
    facts: { x: from, asked },
    rule: "a reshape keeps the number of values",
  })
}
