import { FormatError } from "@selvedge/core"

/** A value of numbers, texts, lists, records and typed arrays, nested as you like. */
export type Storable = unknown

/** Where a typed array lies among the bytes behind the text. */
interface Placed {
  readonly $array: "Float32Array" | "Float64Array" | "Uint8Array" | "Int32Array" | "Uint32Array"
  readonly at: number
  readonly length: number
}

type Numbers = Float32Array | Float64Array | Uint8Array | Int32Array | Uint32Array

const kinds = { Float32Array, Float64Array, Uint8Array, Int32Array, Uint32Array }

/** Text for the structure of a value, and its typed arrays behind one another, each at a multiple of 8. */
export function encode(value: Storable): {
  text: string
  arrays: readonly { at: number; bytes: Uint8Array }[]
  size: number
} {
  const arrays: { at: number; bytes: Uint8Array }[] = []
  let size = 0
  const place = (numbers: Numbers): Placed => {
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength).slice()
    const at = size
    arrays.push({ at, bytes })
    size = Math.ceil((at + bytes.length) / 8) * 8
    return { $array: nameOf(numbers), at, length: numbers.length }
  }
  const text = JSON.stringify(value, (_, part: unknown) => (isNumbers(part) ? place(part) : encodeNumber(part)))
  return { text, arrays, size }
}

/**
 * The value again.
 * @throws FormatError when an array lies outside of the bytes.
 */
export function decode(text: string, bytes: Uint8Array): Storable {
  return JSON.parse(text, (_, part: unknown) => {
    if (isPlaced(part)) return take(part, bytes)
    return isSpecial(part) ? Number(part.$number) : part
  })
}

function take({ $array, at, length }: Placed, bytes: Uint8Array): Numbers {
  const kind = kinds[$array]
  const end = at + length * kind.BYTES_PER_ELEMENT
  if (end > bytes.length) {
    throw new FormatError("checkpoint: an array lies behind the end of the file", {
      facts: { array: `${$array}(${length})`, from: at, "bytes there": bytes.length },
    })
  }
  // Not `slice`: a Node Buffer's shares its memory, whose start is elsewhere.
  const copy = Uint8Array.from(bytes.subarray(at, end))
  return new kind(copy.buffer, 0, length)
}

function nameOf(numbers: Numbers): Placed["$array"] {
  const name = Object.keys(kinds).find(key => numbers instanceof kinds[key as keyof typeof kinds])
  return name as Placed["$array"]
}

const isNumbers = (part: unknown): part is Numbers => Object.values(kinds).some(kind => part instanceof kind)

/** JSON has no infinities, and no NaN. */
const encodeNumber = (part: unknown) =>
  typeof part === "number" && !Number.isFinite(part) ? { $number: String(part) } : part

const isPlaced = (part: unknown): part is Placed => typeof part === "object" && part !== null && "$array" in part
const isSpecial = (part: unknown): part is { $number: string } =>
  typeof part === "object" && part !== null && "$number" in part
