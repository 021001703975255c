import { FormatError } from "@selvedge/core"
import { folderOf, nodeFiles, nodeZlib } from "../nodeFiles.ts"
import { decode, encode, type Storable } from "./encode.ts"

// A file: the name (8 bytes), version, CRC-32 of all that follows it, length of the text, length of the arrays (4 bytes
// each, little-endian), the text (JSON, UTF-8, filled up to a multiple of 8), the arrays.
const NAME = "SELVCKPT"
const VERSION = 1
const HEAD = 24

/** The bytes of a checkpoint file. */
async function toBytes({ text, arrays, size }: ReturnType<typeof encode>): Promise<Uint8Array> {
  const { crc32 } = nodeZlib()
  const json = new TextEncoder().encode(text)
  const start = HEAD + Math.ceil(json.length / 8) * 8
  const bytes = new Uint8Array(start + size)
  const view = new DataView(bytes.buffer)
  bytes.set(new TextEncoder().encode(NAME))
  bytes.set(json, HEAD)
  for (const array of arrays) bytes.set(array.bytes, start + array.at)
  view.setUint32(8, VERSION, true)
  view.setUint32(16, json.length, true)
  view.setUint32(20, size, true)
  view.setUint32(12, crc32(bytes.subarray(16)), true)
  return bytes
}

/**
 * The value in the bytes of a checkpoint file.
 * @throws FormatError naming the file, the offset, what was expected and what was found.
 */
export async function fromBytes(path: string, bytes: Uint8Array): Promise<Storable> {
  const { crc32 } = nodeZlib()
  const fail = (what: string, offset: number, expected: unknown, found: unknown) =>
    new FormatError(`checkpoint: ${what}`, {
      facts: { file: path, offset, expected: String(expected), found: String(found) },
    })
  const name = new TextDecoder().decode(bytes.subarray(0, 8))
  if (name !== NAME) throw fail("this is no checkpoint", 0, NAME, JSON.stringify(name))
  if (bytes.length < HEAD) throw fail("the file is cut off", bytes.length, `${HEAD} bytes`, `${bytes.length} bytes`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint32(8, true)
  if (version !== VERSION) throw fail("another version of the format", 8, VERSION, version)
  const textLength = view.getUint32(16, true)
  const start = HEAD + Math.ceil(textLength / 8) * 8
  const length = start + view.getUint32(20, true)
  if (bytes.length !== length)
    throw fail("the file is cut off or too long", 16, `${length} bytes`, `${bytes.length} bytes`)
  const checksum = crc32(bytes.subarray(16))
  if (checksum !== view.getUint32(12, true)) throw fail("the checksum is wrong", 12, view.getUint32(12, true), checksum)
  return decode(new TextDecoder().decode(bytes.subarray(HEAD, HEAD + textLength)), bytes.subarray(start))
}

/** Writes under way, so that two to one file follow each other. */
const writing = new Map<string, Promise<void>>()

/**
 * Writes a checkpoint file: a kill at any moment leaves the old file or the new one. The bytes go to a file beside it,
 * are forced to the disk, and take its name.
 */
export async function writeFile(path: string, value: Storable): Promise<void> {
  // Copied before anything is awaited: meanwhile a step may change it.
  const encoded = encode(value)
  const before = writing.get(path) ?? Promise.resolve()
  const done = before.catch(() => {}).then(async () => replaceFile(path, await toBytes(encoded)))
  writing.set(path, done)
  try {
    await done
  } finally {
    if (writing.get(path) === done) writing.delete(path)
  }
}

async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const { mkdir, open, rename } = nodeFiles("checkpoint")
  await mkdir(folderOf(path), { recursive: true })
  const partial = `${path}.partial`
  const file = await open(partial, "w")
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(partial, path)
  // Without this the new name itself may be lost with the power. Not every platform lets a folder be synced.
  const folder = await open(folderOf(path), "r").catch(() => null)
  await folder?.sync().catch(() => {})
  await folder?.close()
}

/**
 * Reads a checkpoint file.
 * @throws FormatError for a file that is not there or is damaged.
 */
export async function readFile(path: string): Promise<Storable> {
  const { readFile: read } = nodeFiles("checkpoint")
  const bytes = await read(path).catch((cause: unknown) => {
    throw new FormatError("checkpoint: the file cannot be read", { facts: { file: path }, cause })
  })
  return fromBytes(path, bytes)
}
