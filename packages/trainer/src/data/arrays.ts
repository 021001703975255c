import { describe, isTensor, OptionError, type Shape, ShapeError, sizeOf, tensor } from "@selvedge/core"
import { type Column, column, gather } from "./dataset.ts"

/**
 * One input or output from whatever a user has: a tensor, `{ data, shape }`, an ndarray of any strides, a flat typed
 * array or list (one number per example), or nested arrays.
 * @throws ShapeError for ragged rows, or a count that does not fill the shape; OptionError for anything else.
 */
export function asColumn(name: string, values: unknown): Column {
  if (isTensor(values)) return column(values.read(), atLeastRank1(name, values.shape))
  if (isTypedArray(values)) return column(values, [values.length])
  if (Array.isArray(values)) return nested(name, values)
  if (isShaped(values)) return "stride" in values ? strided(name, values) : filled(name, values.data, values.shape)
  throw new OptionError(`${name}: cannot read numbers from ${describe(values)}`, {
    rule: "nested arrays, a typed array, { data, shape }, a tensor, an ndarray, a Dataset or an async iterable",
  })
}

/** A typed array of numbers. */
export function isTypedArray(value: unknown): value is Float32Array {
  return ArrayBuffer.isView(value) && "length" in value && !(value instanceof BigInt64Array)
}

/** Whether it names its numbers and their shape. */
export function isShaped(value: unknown): value is { data: ArrayLike<number>; shape: number[] } {
  return (
    typeof value === "object" && value !== null && "data" in value && "shape" in value && Array.isArray(value.shape)
  )
}

function atLeastRank1(name: string, shape: Shape): Shape {
  if (shape.length > 0) return shape
  throw new ShapeError(`${name}: a single number is not a list of examples`)
}

function nested(name: string, values: readonly unknown[]): Column {
  if (values.length === 0) return column([], [0])
  try {
    const x = tensor(values as Parameters<typeof tensor>[0])
    return column(x.read(), x.shape)
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replace(/^tensor:/, `${name}:`)
    throw error
  }
}

function filled(name: string, data: ArrayLike<number>, shape: readonly number[]): Column {
  if (data.length === sizeOf(shape)) return column(data, atLeastRank1(name, shape))
  throw new ShapeError(`${name}: ${data.length} numbers do not fill the shape [${shape.join(", ")}]`, {
    facts: { data: data.length, shape },
  })
}

interface Strided {
  readonly data: ArrayLike<number>
  readonly shape: readonly number[]
  readonly stride: readonly number[]
  readonly offset: number
}

/** An ndarray's numbers in row-major order; taken as they are when they already lie so. */
function strided(name: string, values: object): Column {
  const { data, shape, stride, offset } = values as Strided
  const size = sizeOf(shape)
  const natural = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)))
  if (offset === 0 && data.length === size && natural.every((step, axis) => step === stride[axis])) {
    return column(data, atLeastRank1(name, shape))
  }
  const out = new Float32Array(size)
  for (let i = 0; i < size; i++) {
    let at = offset
    for (let axis = 0; axis < shape.length; axis++) {
      at += (Math.floor(i / natural[axis]!) % shape[axis]!) * stride[axis]!
    }
    out[i] = data[at]!
  }
  return column(out, atLeastRank1(name, shape))
}

/**
 * The inputs or outputs of a model: one column, or as many as it has, given as a list or by name.
 * @throws OptionError when there are more or fewer than `names`.
 */
export function asColumns(name: string, values: unknown, names: readonly string[]): Column[] {
  const parts = splitByName(name, values, names)
  return parts.map((part, i) => asColumn(names.length === 1 ? name : `${name}["${names[i]}"]`, part))
}

/** The parts of a value that stands for several inputs or outputs, in order. */
export function splitByName(name: string, values: unknown, names: readonly string[]): unknown[] {
  if (names.length === 1) {
    if (isPlainRecord(values) && names[0]! in values) return [values[names[0]!]]
    return [values]
  }
  if (isPlainRecord(values)) return names.map(key => values[key] ?? missing(name, key, names))
  if (Array.isArray(values) && values.length === names.length) return values
  throw new OptionError(`${name}: expects ${names.length} arrays, got ${describe(values)}`, {
    facts: { expected: names.join(", ") },
  })
}

function missing(name: string, key: string, names: readonly string[]): never {
  throw new OptionError(`${name}: "${key}" is missing`, { facts: { expected: names.join(", ") } })
}

function isPlainRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !isTensor(value) &&
    !isShaped(value) &&
    !isTypedArray(value)
  )
}

/** A batch of some columns as `{ data, shape }`. */
export function gatherAll(columns: readonly Column[], indices: Uint32Array) {
  return columns.map(c => ({ data: gather(c, indices), shape: [indices.length, ...c.shape] }))
}
