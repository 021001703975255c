import { describe, formatShape, OptionError, type Shape, ShapeError } from "@selvedge/core"

/** Sizes of the dimensions of a layer's input or output, the batch included; null is a size that is not known. */
export type DataShape = readonly (number | null)[]

/** One shape, or one per input of a layer that takes several. */
export type DataShapes = DataShape | readonly DataShape[]

/** True for a list of shapes, false for a single one. */
export function isShapeList(shape: DataShapes): shape is readonly DataShape[] {
  return Array.isArray(shape) && shape.length > 0 && Array.isArray(shape[0])
}

/** A list of shapes, whatever came. */
export function asShapeList(shape: DataShapes): readonly DataShape[] {
  return isShapeList(shape) ? shape : [shape]
}

/**
 * The single shape that a layer with one input is built with.
 * @throws ShapeError when a list of shapes came, OptionError for what is not a shape.
 */
export function singleShape(owner: string, shape: DataShapes): DataShape {
  if (!isShapeList(shape)) return checkDims(owner, "the input's shape", shape, true)
  const [only] = shape
  if (only && shape.length === 1) return checkDims(owner, "the input's shape", only, true)
  throw new ShapeError(`${owner}: takes one input, got ${shape.length}`, {
    facts: Object.fromEntries(shape.map((s, i) => [`input ${i}`, s])),
  })
}

/**
 * A dimension that has to be known to make a weight.
 * @throws ShapeError when it is null or does not exist.
 */
export function knownSize(owner: string, shape: DataShape, axis: number): number {
  const at = axis < 0 ? axis + shape.length : axis
  const size = shape[at]
  if (typeof size === "number") return size
  if (size === null) {
    throw new ShapeError(`${owner}: axis ${axis} of the input must have a known size`, {
      facts: { input: shape },
      rule: "a weight is made for a certain number of features",
      hint: "give the input's shape in full, null only for the batch and for axes that no weight depends on",
    })
  }
  throw new ShapeError(`${owner}: axis ${axis} does not exist in an input of rank ${shape.length}`, {
    facts: { input: shape },
  })
}

/**
 * A copy of a list of dimensions given by a user: integers from 0 on, and null where `open` allows it.
 * @throws OptionError for anything else.
 */
export function checkDims(owner: string, name: string, value: unknown, open = false): DataShape {
  const fine = (n: unknown) => (n === null && open) || (typeof n === "number" && Number.isInteger(n) && n >= 0)
  if (Array.isArray(value) && value.every(fine)) return [...value]
  throw new OptionError(
    `${owner}: ${name} must be a list of integers >= 0${open ? ", null where unknown" : ""}, got ${describe(value)}`,
  )
}

/** The same shape with an open batch dimension. */
export function withOpenBatch(shape: Shape): DataShape {
  return shape.length === 0 ? shape : [null, ...shape.slice(1)]
}

/**
 * The axes that numbers name in a tensor of this rank, those from the end as negative ones, in order.
 * @throws ShapeError for an axis that does not exist or is named twice.
 */
export function namedAxes(owner: string, axes: readonly number[], shape: DataShape): number[] {
  const named = axes.map(axis => (axis < 0 ? axis + shape.length : axis)).sort((a, b) => a - b)
  const [twice] = named.filter((axis, i) => named.indexOf(axis) !== i)
  const [outside] = named.filter(axis => axis < 0 || axis >= shape.length)
  if (twice === undefined && outside === undefined) return named
  const what = twice === undefined ? `does not exist in an input of rank ${shape.length}` : "is named twice"
  throw new ShapeError(`${owner}: axis ${twice ?? outside} ${what}`, { facts: { input: shape, axis: axes } })
}

/** Product of dimensions; null when one is not known. */
export function productOf(dims: DataShape): number | null {
  return dims.reduce((product: number | null, n) => (product === null || n === null ? null : product * n), 1)
}

/** `[null, 28]`, or `[[null, 2], [null, 3]]` for several. */
export function formatShapes(shape: DataShapes): string {
  return isShapeList(shape) ? `[${shape.map(formatShape).join(", ")}]` : formatShape(shape)
}
