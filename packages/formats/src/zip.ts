import { OptionError } from "@selvedge/core"
import { inflateSync } from "fflate"
import { crc32 } from "./crc32.ts"
import { messageOf, type Refuse, refuseIn, show, UNNAMED } from "./fail.ts"
import { bytesReader, type FilePart, type Reader } from "./reader.ts"

/** Members of a zip file by name, in the order of its directory. */
export type ZipMembers = Map<string, Uint8Array>

/** How to read a zip. */
export interface ZipOptions {
  /** Name for errors. */
  name?: string
  /** Members to unpack; the others are checked but not inflated. All when absent. */
  only?: (name: string) => boolean
}

interface Entry {
  name: string
  method: number
  crc: number
  packed: number
  size: number
  /** Where the local header begins. */
  offset: number
}

const LOCAL = 0x04034b50
const CENTRAL = 0x02014b50
const END = 0x06054b50
const UTF8 = 0x0800
/** Bytes of a stored member that are in memory at once. */
const PIECE = 1 << 18
const ENCRYPTED = 0x0001
/** Deflate cannot pass about 1030; real model files stay far under this. */
const MAX_RATIO = 200
/** Up to this size members may inflate by any ratio: a small bomb harms nobody. */
const FREE_SIZE = 16 << 20

/** A member of an open zip: nothing but its directory entry has been read. */
export interface ZipMember {
  /** Its bytes, inflated and compared with their checksum. @throws FormatError when they are damaged. */
  bytes(): Uint8Array
  /** The same; of a stored member of a file on disk, the place of the bytes, which have been compared but are not held. */
  part(): Uint8Array | FilePart
}

/**
 * Reads a zip from the central directory, which must be the only truth: names are plain relative paths and unique,
 * members do not overlap, sizes and CRC-32 agree with what is inflated, nothing is encrypted, and neither one member nor
 * all together inflate beyond 200 times their packed size (16 MB are free). Stored members are views of `bytes`, not copies. Zip64 is refused.
 *
 * @throws FormatError naming the member.
 */
export function readZip(bytes: Uint8Array, { name = UNNAMED, only }: ZipOptions = {}): ZipMembers {
  const found = [...openZip(bytesReader({ name, bytes, owned: false }))].filter(([member]) => only?.(member) ?? true)
  return new Map(found.map(([member, body]) => [member, body.bytes()]))
}

/** The members of a zip under the rules of `readZip`, not unpacked yet. @throws FormatError for a damaged directory. */
export function openZip(reader: Reader): Map<string, ZipMember> {
  const refuse = refuseIn(reader.name)
  const { entries, start } = readDirectory(reader, refuse)
  const bodies = checkLayout(reader, entries, start, refuse)
  return new Map(
    entries.map((entry, i) => {
      const at = bodies[i]!
      const bytes = () => unpack(reader.read(at, entry.packed), entry, refuse)
      const part = () => (entry.method === 0 ? checkStored(reader, at, entry, refuse) : bytes())
      return [entry.name, { bytes, part }]
    }),
  )
}

/** True when the bytes begin as a zip with at least one member does. */
export function looksLikeZip(bytes: Uint8Array): boolean {
  return bytes.length > 3 && bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 3 && bytes[3] === 4
}

/** The record at the end, with where it begins. */
function findEnd(reader: Reader, refuse: Refuse): { end: number; record: DataView } {
  const start = Math.max(0, reader.length - 22 - 0xffff)
  const view = viewOf(reader.read(start, reader.length - start))
  for (let at = view.byteLength - 22; at >= 0; at--) {
    if (view.getUint32(at, true) !== END || at + 22 + view.getUint16(at + 20, true) !== view.byteLength) continue
    return { end: start + at, record: new DataView(view.buffer, view.byteOffset + at) }
  }
  throw refuse(`end of ${reader.length} bytes`, "a zip's end record", "none", "the file is cut off or not a zip")
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)

function readDirectory(reader: Reader, refuse: Refuse): { entries: Entry[]; start: number } {
  const { end, record } = findEnd(reader, refuse)
  const count = record.getUint16(10, true)
  const length = record.getUint32(12, true)
  const start = record.getUint32(16, true)
  if (record.getUint16(4, true) !== 0 || record.getUint16(8, true) !== count) {
    throw refuse("end record", "a zip in one part", "a part of several")
  }
  if (count === 0xffff || start === 0xffffffff) throw refuse("end record", "a zip under 4 GB", "a zip64")
  if (start + length !== end) {
    throw refuse("end record", `a directory that ends at ${end}`, `one of ${length} bytes at ${start}`)
  }
  return { entries: readEntries(reader.read(start, length), start, count, refuse), start }
}

function readEntries(bytes: Uint8Array, start: number, count: number, refuse: Refuse): Entry[] {
  const entries: Entry[] = []
  const names = new Set<string>()
  let at = 0
  for (let i = 0; i < count; i++) {
    const [entry, next] = readEntry(bytes, at, start, refuse)
    if (names.has(entry.name)) throw refuse(show(entry.name), "one member of a name", "two members of this name")
    names.add(entry.name)
    entries.push(entry)
    at = next
  }
  if (at !== bytes.length) throw refuse("directory", `${count} members`, `${bytes.length - at} more bytes`)
  checkTotal(entries, refuse)
  return entries
}

/** What small members may do one by one, they may not do together. */
function checkTotal(entries: readonly Entry[], refuse: Refuse): void {
  const deflated = entries.filter(entry => entry.method === 8)
  const size = deflated.reduce((sum, entry) => sum + entry.size, 0)
  checkRatio(
    "members",
    deflated.reduce((sum, entry) => sum + entry.packed, 0),
    size,
    refuse,
  )
}

function checkRatio(place: string, packed: number, size: number, refuse: Refuse): void {
  if (size <= FREE_SIZE || size <= MAX_RATIO * packed) return
  const expected = `at most ${MAX_RATIO} times its packed ${packed} bytes`
  throw refuse(place, expected, `${size} bytes`, "this looks like a zip bomb")
}

/** The entry at a byte of the directory, which begins at `start` in the file, and where the next one begins. */
function readEntry(bytes: Uint8Array, at: number, start: number, refuse: Refuse): [Entry, number] {
  const [view, end] = [viewOf(bytes), bytes.length]
  const place = `directory entry at byte ${start + at}`
  if (at + 46 > end || view.getUint32(at, true) !== CENTRAL) throw refuse(place, "a directory entry", "something else")
  const lengths = [28, 30, 32].map(field => view.getUint16(at + field, true)) as [number, number, number]
  const next = at + 46 + lengths[0] + lengths[1] + lengths[2]
  if (next > end) throw refuse(place, `an entry that ends before ${start + end}`, `one that ends at ${start + next}`)
  const entry: Entry = {
    name: decodeName(bytes.subarray(at + 46, at + 46 + lengths[0]), refuse, place),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    packed: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  }
  checkEntry(entry, view.getUint16(at + 8, true), refuse)
  return [entry, next]
}

function decodeName(bytes: Uint8Array, refuse: Refuse, place: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes)
  } catch {
    throw refuse(place, "a member name in UTF-8", "other bytes")
  }
}

function checkEntry(entry: Entry, flags: number, refuse: Refuse): void {
  const { name, method, packed, size } = entry
  const place = `member ${show(name)}`
  const parts = name.replace(/\/$/, "").split("/")
  if (name === "" || /[\\:\0]/.test(name) || parts.some(part => part === "" || part === "." || part === "..")) {
    throw refuse(place, "a relative path inside the archive", "one that leaves it or is no plain path")
  }
  if (flags & ENCRYPTED) throw refuse(place, "plain data", "an encrypted member")
  if (method !== 0 && method !== 8) throw refuse(place, "a stored or deflated member", `compression method ${method}`)
  if (packed === 0xffffffff || size === 0xffffffff) throw refuse(place, "a member under 4 GB", "a zip64 member")
  if (method === 0 && packed !== size) throw refuse(place, `${size} stored bytes`, `${packed}`)
  checkRatio(place, packed, size, refuse)
}

/** Start of each member's data, after checking that members lie one after another without sharing bytes. */
function checkLayout(reader: Reader, entries: readonly Entry[], directory: number, refuse: Refuse): number[] {
  const starts = entries.map(entry => {
    const { offset, name } = entry
    const place = `member ${show(name)}`
    const header = offset + 30 > directory ? null : viewOf(reader.read(offset, 30))
    if (header?.getUint32(0, true) !== LOCAL) throw refuse(place, `a local header at ${offset}`, "something else")
    return offset + 30 + header.getUint16(26, true) + header.getUint16(28, true)
  })
  const order = entries.map((_, i) => i).sort((a, b) => entries[a]!.offset - entries[b]!.offset)
  order.forEach((index, k) => {
    const limit = k + 1 < order.length ? entries[order[k + 1]!]!.offset : directory
    const stop = starts[index]! + entries[index]!.packed
    if (stop > limit) {
      throw refuse(
        `member ${show(entries[index]!.name)}`,
        `data that ends before ${limit}`,
        `data that ends at ${stop}`,
      )
    }
  })
  return starts
}

function unpack(packed: Uint8Array, entry: Entry, refuse: Refuse): Uint8Array {
  const place = `member ${show(entry.name)}`
  let data = packed
  if (entry.method === 8) {
    try {
      data = inflateSync(packed, { out: new Uint8Array(entry.size) })
    } catch (error) {
      throw refuse(place, "deflated data", messageOf(error))
    }
  }
  if (data.length !== entry.size) throw refuse(place, `${entry.size} bytes`, `${data.length}`)
  checkSum(entry, crc32(data), refuse)
  return data
}

/** Goes through a stored member once, without holding it. */
function checkStored(reader: Reader, at: number, entry: Entry, refuse: Refuse): Uint8Array | FilePart {
  const room = new Uint8Array(Math.min(entry.size, PIECE))
  let crc = 0
  for (let done = 0; done < entry.size; done += PIECE) {
    crc = crc32(reader.read(at + done, Math.min(PIECE, entry.size - done), room), crc)
  }
  checkSum(entry, crc, refuse)
  return reader.part(at, entry.size)
}

function checkSum({ name, crc }: Entry, found: number, refuse: Refuse): void {
  if (crc === found) return
  throw refuse(`member ${show(name)}`, `CRC-32 ${hex(crc)}`, hex(found), "the file was damaged after it was written")
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0")
}

/**
 * Writes a zip with every member stored, not deflated, as Keras does with weights: they would hardly shrink. The date
 * of every member is 1980-01-01, so the same members give the same bytes.
 * @throws OptionError from 4 GB on.
 */
export function writeZip(members: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts = [...members].map(([name, body]) => ({
    name: new TextEncoder().encode(name),
    body,
    crc: crc32(body),
    offset: 0,
  }))
  const out = new Uint8Array(parts.reduce((sum, part) => sum + 76 + 2 * part.name.length + part.body.length, 22))
  if (out.length >= 0xffffffff)
    throw new OptionError(`writeZip: ${out.length} bytes are beyond the 4 GB of a plain zip`)
  const view = new DataView(out.buffer)
  let at = 0
  for (const part of parts) {
    part.offset = at
    view.setUint32(at, LOCAL, true)
    writeFields(view, at + 4, part.crc, part.body.length, part.name.length)
    out.set(part.name, at + 30)
    out.set(part.body, at + 30 + part.name.length)
    at += 30 + part.name.length + part.body.length
  }
  const directory = at
  for (const part of parts) {
    view.setUint32(at, CENTRAL, true)
    view.setUint16(at + 4, 20, true)
    writeFields(view, at + 6, part.crc, part.body.length, part.name.length)
    view.setUint32(at + 42, part.offset, true)
    out.set(part.name, at + 46)
    at += 46 + part.name.length
  }
  writeEnd(view, at, directory, parts.length)
  return out
}

function writeEnd(view: DataView, at: number, directory: number, count: number): void {
  view.setUint32(at, END, true)
  view.setUint16(at + 8, count, true)
  view.setUint16(at + 10, count, true)
  view.setUint32(at + 12, at - directory, true)
  view.setUint32(at + 16, directory, true)
}

/** The fields that local and central headers share, from "version needed" on. */
function writeFields(view: DataView, at: number, crc: number, size: number, nameLength: number): void {
  view.setUint16(at, 20, true)
  view.setUint16(at + 2, UTF8, true)
  view.setUint16(at + 8, 0x21, true)
  view.setUint32(at + 10, crc, true)
  view.setUint32(at + 14, size, true)
  view.setUint32(at + 18, size, true)
  view.setUint16(at + 22, nameLength, true)
}
