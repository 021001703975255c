import { FormatError, OptionError, sizeOf } from "@selvedge/core"
import type { NamedArray, TypedArray } from "@selvedge/formats"
import { type Layer, Model } from "@selvedge/layers"
import { formats } from "../index.ts"
import type { Values } from "./report.ts"

/** Numbers of a shape. */
export interface Numbers {
  readonly data: Float32Array
  readonly shape: number[]
}

/** One array, or one for each input or output of a model by its name. */
export type Parts = Numbers | Readonly<Record<string, Numbers>>

/** Examples from a file. */
export interface Examples {
  readonly x: Parts
  readonly y: Parts | null
  readonly count: number
}

/** Flags that name the parts of a data file. */
export const dataArgs = {
  x: { type: "string", description: "array of an .npz that is the input (x)", valueHint: "NAME" },
  y: {
    type: "string",
    description: "array of an .npz, or column of a .csv, that is the target (y)",
    valueHint: "NAME",
  },
} as const

/**
 * Examples from `.npz` (arrays x and y; for a model of several inputs or outputs, arrays of their names), `.npy` (x alone)
 * or `.csv` (a header; one example per row).
 * @throws FormatError for a damaged file or missing part; OptionError for another kind of file.
 */
export async function readExamples(path: string, flags: Values, model: Layer): Promise<Examples> {
  const { x, y } = await readParts(path, flags, model)
  const all = isNumbers(x) ? [x] : Object.values(x)
  return { x: isNumbers(x) ? shaped(x, model) : x, y, count: all[0]?.shape[0] ?? 0 }
}

const isNumbers = (parts: Parts): parts is Numbers => Array.isArray(parts.shape)

async function readParts(path: string, flags: Values, model: Layer): Promise<Omit<Examples, "count">> {
  const { readNpy, readNpz, toBytes } = await formats()
  const [xName, yName] = [text(flags.x) ?? "x", text(flags.y) ?? "y"]
  if (path.endsWith(".csv")) return readCsvExamples(path, yName, flags.y !== undefined)
  if (path.endsWith(".npy")) return { x: toNumbers(readNpy((await toBytes(path)).bytes, path)), y: null }
  if (!path.endsWith(".npz")) throw new OptionError(`data must be .npz, .npy or .csv, got ${path}`)
  const arrays = readNpz((await toBytes(path)).bytes, path)
  const find = (name: string) => arrays.find(array => array.name === name)
  const named = (names: readonly string[]) => {
    const parts = names.map(name => [name, find(name)] as const)
    return Object.fromEntries(parts.map(([name, part]) => [name, toNumbers(part ?? missing(path, name, arrays))]))
  }
  const { inputNames, outputNames } = model instanceof Model ? model : { inputNames: [], outputNames: [] }
  const y = find(yName)
  if (flags.y !== undefined && !y) missing(path, yName, arrays)
  const ys = !y && outputNames.length > 1 && outputNames.every(find) ? named(outputNames) : null
  if (inputNames.length > 1) return { x: named(inputNames), y: y ? toNumbers(y) : ys }
  const x = find(xName) ?? (arrays.length === 1 ? arrays[0] : undefined) ?? missing(path, xName, arrays)
  return { x: toNumbers(x), y: y ? toNumbers(y) : ys }
}

function missing(path: string, name: string, arrays: readonly NamedArray[]): never {
  throw new FormatError(`${path}: there is no array "${name}"`, {
    facts: { arrays: arrays.map(array => array.name).join(", ") },
    hint: "name them with --x and --y; several inputs or outputs are read under the names they have in the model",
  })
}

async function readCsvExamples(path: string, yName: string, wantsY: boolean): Promise<Omit<Examples, "count">> {
  const { readCsv, toBytes } = await formats()
  const { columns, rows } = readCsv(new TextDecoder().decode((await toBytes(path)).bytes), { name: path })
  const target = columns.find(column => column.name === yName)
  if (wantsY && !target) {
    const facts = { columns: columns.map(column => column.name).join(", ") }
    throw new FormatError(`${path}: there is no column "${yName}"`, { facts })
  }
  const numbers = columns.map(({ name, type, values }) => {
    if (type === "string") throw new FormatError(`${path}: column "${name}" holds text`)
    return { name, values: Float32Array.from(values, Number) }
  })
  const inputs = numbers.filter(column => column.name !== target?.name)
  const data = new Float32Array(rows * inputs.length)
  for (let i = 0; i < data.length; i++) data[i] = inputs[i % inputs.length]!.values[Math.floor(i / inputs.length)]!
  const y = numbers.find(column => column.name === target?.name)
  return { x: { data, shape: [rows, inputs.length] }, y: y ? { data: y.values, shape: [rows] } : null }
}

const toNumbers = ({ data, shape }: NamedArray): Numbers => ({ data: asFloats(data), shape })

/** Any array of a file as float32. */
export const asFloats = (data: TypedArray) =>
  data instanceof Float32Array ? data : Float32Array.from<number | bigint>(data, Number)

/** Rows of a table in the shape that the model's input has. */
function shaped(x: Numbers, model: Layer): Numbers {
  const inner = (model.builtShape ?? []).slice(1).map(Number)
  const [length = 0, ...own] = x.shape
  const fits = inner.length > 0 && inner.every(n => n > 0) && sizeOf(inner) === sizeOf(own)
  return fits ? { data: x.data, shape: [length, ...inner] } : x
}

/** A flag's text; undefined when it was left out. */
export const text = (value: unknown) => (typeof value === "string" ? value : undefined)

/**
 * A flag's whole number; undefined when it was left out.
 * @throws OptionError for anything else.
 */
export function count(values: Values, name: string, least = 1): number | undefined {
  const value = values[name]
  if (value === undefined) return undefined
  const n = Number(value)
  if (Number.isSafeInteger(n) && n >= least && String(value).trim() !== "") return n
  throw new OptionError(`--${name} takes a whole number from ${least} up, got "${String(value)}"`)
}
