import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { BinaryReader } from "@bufbuild/protobuf/wire"

/** A summary in an event file. */
export interface Summary {
  readonly tag: string
  readonly step: number
  readonly scalar?: number
  /** Minimum, maximum, count, sum, sum of squares. */
  readonly histogram?: readonly number[]
}

/** All summaries in the event files of a folder. Reads the wire format by itself; checksums are not looked at. */
export function readSummaries(folder: string): Summary[] {
  return readdirSync(folder)
    .sort()
    .flatMap(name => records(readFileSync(join(folder, name))))
    .flatMap(summariesOf)
}

function records(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0, true)
    found.push(bytes.subarray(at + 12, at + 12 + length))
    at += length + 16
  }
  return found
}

/** The fields of a message by number: numbers, or bytes of what is nested. */
function fields(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const reader = new BinaryReader(bytes)
  const found = new Map<number, (number | Uint8Array)[]>()
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    const read = [() => Number(reader.int64()), () => reader.double(), () => reader.bytes()]
    const value = type === 5 ? reader.float() : read[type]()
    found.set(number, [...(found.get(number) ?? []), value])
  }
  return found
}

function summariesOf(event: Uint8Array): Summary[] {
  const top = fields(event)
  const [summary] = top.get(5) ?? []
  const step = Number(top.get(2)?.[0] ?? 0)
  if (summary === undefined) return []
  return (fields(summary as Uint8Array).get(1) ?? []).map((value): Summary => {
    const parts = fields(value as Uint8Array)
    const tag = new TextDecoder().decode(parts.get(1)?.[0] as Uint8Array)
    const scalar = parts.get(2)?.[0] as number | undefined
    const histogram = parts.get(5)?.[0] as Uint8Array | undefined
    if (!histogram) return scalar === undefined ? { tag, step } : { tag, step, scalar }
    const numbers = fields(histogram)
    return { tag, step, histogram: [1, 2, 3, 4, 5].map(i => Number(numbers.get(i)?.[0] ?? 0)) }
  })
}
