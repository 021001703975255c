import { describe, OptionError, ShapeError } from "../errors.ts"
import { checkShape, type Shape, sameShape, sizeOf } from "../shape.ts"
import { isFloat64 } from "../storage.ts"
import { isTensor, type NestedArray, type Tensor, type TensorOptions, wrap } from "../tensor.ts"

/** What a tensor can be made from: a number, nested arrays, or a typed array. */
export type TensorLike = NestedArray | ArrayLike<number>

/**
 * A tensor from numbers, copied.
 *
 *     tensor([[1, 2], [3, 4]])                    // shape [2, 2], from the nesting
 *     tensor(new Float32Array(6), [2, 3])         // shape given
 *     tensor(0.5, [], { requiresGrad: true, name: "x" })
 *
 * @throws ShapeError for ragged nesting, naming the row, or a count that does not fill the shape.
 * @throws OptionError for an entry that is not a number.
 */
export function tensor(values: TensorLike, shape?: Shape, options?: TensorOptions): Tensor {
  const nested = shapeOf(values)
  const size = sizeOf(nested)
  const wanted = shape ?? nested
  checkShape("tensor", wanted)
  if (sizeOf(wanted) !== size) {
    throw new ShapeError(`tensor: ${size} values do not fill the shape [${wanted.join(", ")}]`, {
      facts: { values: nested, shape: wanted },
    })
  }
  const data = isFloat64() ? new Float64Array(size) : new Float32Array(size)
  if (sameShape(nested, [size]) && typeof values === "object" && !Array.isArray(values)) data.set(values)
  else flatten(values, nested, 0, data, 0, [])
  return wrap(data, wanted, options)
}

function shapeOf(values: TensorLike): number[] {
  const shape: number[] = []
  for (let level: TensorLike | undefined = values; typeof level === "object" && level !== null; level = level[0]) {
    if (typeof level.length !== "number") throw notANumber(level, [])
    shape.push(level.length)
  }
  return shape
}

function flatten(
  values: TensorLike,
  shape: Shape,
  axis: number,
  data: Float32Array | Float64Array,
  offset: number,
  path: readonly number[],
): void {
  if (axis === shape.length) {
    if (typeof values !== "number") throw notANumber(values, path)
    data[offset] = values
    return
  }
  if (typeof values !== "object" || values === null || values.length !== shape[axis]) {
    throw new ShapeError(`tensor: ragged rows: entry [${path.join(", ")}] does not have ${shape[axis]} entries`, {
      facts: { shape, entry: typeof values === "object" && values !== null ? [values.length] : String(values) },
      rule: "all rows of a tensor are equally long",
    })
  }
  const innermost = axis === shape.length - 1
  const stride = sizeOf(shape.slice(axis + 1))
  for (let i = 0; i < values.length; i++) {
    const entry = values[i]
    if (innermost && typeof entry === "number") data[offset + i] = entry
    else flatten(entry, shape, axis + 1, data, offset + i * stride, [...path, i])
  }
}

function notANumber(values: unknown, path: readonly number[]): Error {
  const where = `entry [${path.join(", ")}]`
  if (isTensor(values)) {
    return new OptionError("tensor: this is a tensor already", { hint: "copy it with clone()" })
  }
  if (Array.isArray(values)) {
    return new ShapeError(`tensor: ragged rows: ${where} is a list where a number is expected`)
  }
  return new OptionError(`tensor: ${where} is not a number but ${describe(values)}`)
}
