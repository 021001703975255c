import { OptionError } from "@selvedge/core"
import { messageOf, misfit, UNNAMED } from "./fail.ts"

/** Where a file comes from: a path or URL, or its bytes. */
export type Source = string | URL | Uint8Array | ArrayBuffer | Blob

/** A file's bytes with the name to use in errors. */
export interface SourceBytes {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
  /** True when nobody else holds the bytes, so that they may be handed to a worker without a copy. */
  readonly owned: boolean
}

/**
 * The bytes of a source. A string is a path in Node (or a `file:` / `http:` URL) and a URL in a browser.
 * @throws FormatError when it cannot be read; OptionError when it is no source.
 */
export async function toBytes(source: Source): Promise<SourceBytes> {
  if (source instanceof Uint8Array) {
    const shared = !(source.buffer instanceof ArrayBuffer)
    const bytes = shared ? new Uint8Array(source) : new Uint8Array(source.buffer, source.byteOffset, source.length)
    return { name: UNNAMED, bytes, owned: shared }
  }
  if (source instanceof ArrayBuffer) return { name: UNNAMED, bytes: new Uint8Array(source), owned: false }
  if (source instanceof Blob) return fromBlob(source)
  if (typeof source === "string" || source instanceof URL) return fromAddress(source)
  throw new OptionError("source must be a path, URL, Uint8Array, ArrayBuffer, Blob or File")
}

async function fromBlob(blob: Blob): Promise<SourceBytes> {
  const name = "name" in blob && typeof blob.name === "string" ? blob.name : UNNAMED
  return { name, bytes: new Uint8Array(await blob.arrayBuffer()), owned: true }
}

async function fromAddress(address: string | URL): Promise<SourceBytes> {
  const name = String(address)
  const [fs, path] = [nodeFs(), localPath(address)]
  try {
    if (fs && path !== null) {
      const handle = await fs.promises.open(path, "r")
      try {
        return { name, bytes: await readAll(handle, (await handle.stat()).size), owned: true }
      } finally {
        await handle.close()
      }
    }
    const response = await fetch(address)
    if (!response.ok) throw new Error(`HTTP ${response.status} ${response.statusText}`)
    return { name, bytes: new Uint8Array(await response.arrayBuffer()), owned: true }
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

/** Where Node finds a source on its disks; null for what is no such place, and in a browser. */
export function localPath(source: Source): string | URL | null {
  if (!nodeFs() || !(typeof source === "string" || source instanceof URL)) return null
  const name = String(source)
  if (/^(https?|data|blob):/.test(name)) return null
  return /^file:/.test(name) ? new URL(name) : name
}

/** The error for a file that cannot be opened or fetched. */
export function unreadable(name: string, cause: unknown): Error {
  return misfit({ file: name, place: "file", expected: "a readable file", found: messageOf(cause), cause })
}

interface Handle {
  read(buffer: Uint8Array, offset: number, length: number): Promise<{ bytesRead: number }>
}

/** Into a buffer of its own: `readFile` may hand out a slice of Node's shared pool, which no worker can take over. */
async function readAll(handle: Handle, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size)
  let at = 0
  while (at < size) {
    const { bytesRead } = await handle.read(bytes, at, size - at)
    if (bytesRead === 0) return bytes.slice(0, at)
    at += bytesRead
  }
  return bytes
}

/** Node's file system, or undefined in a browser. Looked up at run time, so that bundlers see no import of `node:fs`. */
export function nodeFs() {
  return globalThis.process?.getBuiltinModule?.("node:fs")
}
