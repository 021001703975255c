import { FormatError } from "@selvedge/core"
import { Gunzip } from "fflate"
import { nodeZlib } from "./node.ts"

/** Where and how a file breaks its format. */
export interface Flaw {
  readonly file: string
  /** Byte offset of the first wrong byte, or words for a stretch of them. */
  readonly offset: number | string
  readonly expected: string | number
  readonly found: string | number
  readonly hint?: string
  readonly cause?: unknown
}

/** A FormatError that names file, offset, expected and found. */
export function malformed(sentence: string, flaw: Flaw): FormatError {
  const { file, offset, expected, found, hint, cause } = flaw
  return new FormatError(`${file}: ${sentence}`, {
    facts: { file, offset, expected, found },
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  })
}

/** SHA-256 of the bytes as 64 lower-case hexadecimal digits. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  // WebCrypto does not take views of shared memory, which the type of a plain Uint8Array allows.
  const own =
    bytes.buffer instanceof ArrayBuffer ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length) : bytes.slice()
  const digest = await globalThis.crypto.subtle.digest("SHA-256", own)
  return Array.from(new Uint8Array(digest), byte => byte.toString(16).padStart(2, "0")).join("")
}

/** @throws FormatError when the SHA-256 of the bytes is another one. */
export async function checkSha256(bytes: Uint8Array, expected: string, file: string): Promise<void> {
  const found = await sha256(bytes)
  if (found === expected) return
  throw malformed("the content is not the published one", {
    file,
    offset: `0 to ${bytes.length} (SHA-256 of the whole content)`,
    expected,
    found,
    hint: "the file is damaged or another one of the same name; delete it and fetch it again",
  })
}

/** Whether the bytes begin as a gzip stream does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b
}

/**
 * Inflates a gzip stream (RFC 1952), through Node's zlib where there is one and fflate elsewhere.
 *
 * @param limit the largest inflated size in bytes; a stream that gives more is refused while it inflates, so that a
 *   small file cannot fill the memory.
 * @throws FormatError for anything but one complete gzip stream within the limit.
 */
export async function gunzip(bytes: Uint8Array, file = "gzip data", limit = 1_073_741_824): Promise<Uint8Array> {
  if (!isGzip(bytes)) {
    const found = Array.from(bytes.subarray(0, 2), byte => `0x${byte.toString(16).padStart(2, "0")}`).join(" ")
    throw malformed("this is not gzip data", {
      file,
      offset: 0,
      expected: "0x1f 0x8b",
      found: found || "an empty file",
    })
  }
  // No stream is shorter than its header of 10 bytes and its trailer of 8.
  if (bytes.length < 18) throw truncated(bytes, file, undefined)
  const content = nodeZlib() ? inflateInNode(bytes, file, limit) : inflateAnywhere(bytes, file, limit)
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 4, 4).getUint32(0, true)
  if (trailer !== content.length % 4_294_967_296) {
    throw malformed("the gzip trailer gives another size", {
      file,
      offset: bytes.length - 4,
      expected: `${content.length % 4_294_967_296} (bytes inflated)`,
      found: trailer,
    })
  }
  return content
}

function inflateInNode(bytes: Uint8Array, file: string, limit: number): Uint8Array {
  try {
    const zlib = nodeZlib()
    if (!zlib) throw new TypeError("zlib is gone")
    const content = zlib.gunzipSync(bytes, { maxOutputLength: Math.max(1, limit) })
    return new Uint8Array(content.buffer, content.byteOffset, content.length)
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : ""
    if (code === "ERR_BUFFER_TOO_LARGE") throw tooLarge(file, limit)
    if (code === "Z_BUF_ERROR") throw truncated(bytes, file, cause)
    throw corrupt(bytes, file, cause)
  }
}

function inflateAnywhere(bytes: Uint8Array, file: string, limit: number): Uint8Array {
  const chunks: Uint8Array[] = []
  let size = 0
  let ended = false
  const stream = new Gunzip((chunk, final) => {
    size += chunk.length
    if (size > limit) throw tooLarge(file, limit)
    chunks.push(chunk)
    ended ||= final
  })
  try {
    for (let at = 0; at < bytes.length; at += 65536) {
      stream.push(bytes.subarray(at, at + 65536), at + 65536 >= bytes.length)
    }
  } catch (cause) {
    if (cause instanceof FormatError) throw cause
    if (cause instanceof Error && /EOF|end/i.test(cause.message)) throw truncated(bytes, file, cause)
    throw corrupt(bytes, file, cause)
  }
  if (!ended) throw truncated(bytes, file, undefined)
  const content = concatenate(chunks, size)
  checkCrc(bytes, content, file)
  return content
}

/** fflate does not check the CRC-32 of what it inflates; zlib does. */
function checkCrc(bytes: Uint8Array, content: Uint8Array, file: string): void {
  const expected = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 4).getUint32(0, true)
  if (crc32(content) !== expected) throw corrupt(bytes, file, new Error("incorrect data check"))
}

/** CRC-32 of RFC 1952, section 8. */
export function crc32(bytes: Uint8Array): number {
  const table = Int32Array.from({ length: 256 }, (_, n) => {
    let c = n
    for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1
    return c
  })
  let crc = -1
  for (const byte of bytes) crc = (table[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)
  return (crc ^ -1) >>> 0
}

function tooLarge(file: string, limit: number): FormatError {
  return malformed("the gzip data inflate to more than is allowed", {
    file,
    offset: `${limit} of the inflated content`,
    expected: `at most ${limit} bytes`,
    found: "more",
  })
}

function truncated(bytes: Uint8Array, file: string, cause: unknown): FormatError {
  return malformed("the gzip data are truncated", {
    file,
    offset: bytes.length,
    expected: "more compressed data and a trailer of 8 bytes",
    found: "end of file",
    hint: "the file is incomplete; delete it and fetch it again",
    cause,
  })
}

function corrupt(bytes: Uint8Array, file: string, cause: unknown): FormatError {
  return malformed("the gzip data are corrupt", {
    file,
    offset: `within 0 to ${bytes.length}`,
    expected: "a valid gzip stream",
    found: cause instanceof Error ? cause.message : String(cause),
    hint: "the file is damaged; delete it and fetch it again",
    cause,
  })
}

/** One array of the given size from chunks in order. */
export function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const all = new Uint8Array(size)
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
}
