import type { FormatError } from "@selvedge/core"
import { malformed } from "./bytes.ts"

const BLOCK = 512

/**
 * The regular files of a tar archive (POSIX.1-1988 ustar, as GNU tar and bsdtar write it), by name. Nothing is
 * written anywhere, so names need no trust. Folders, links and the pax headers before an entry are passed over.
 *
 * The contents share memory with `bytes`.
 * @throws FormatError for a wrong header checksum, a size that is no octal number, an entry beyond the end of the
 *   archive, a name that comes twice, and an archive without its end marker.
 */
export function readTar(bytes: Uint8Array, name = "tar archive"): Map<string, Uint8Array> {
  const files = new Map<string, Uint8Array>()
  let at = 0
  while (true) {
    if (at + BLOCK > bytes.length) throw cutOff(name, bytes.length, "a header of 512 bytes")
    const header = bytes.subarray(at, at + BLOCK)
    if (header.every(byte => byte === 0)) return files
    checkHeader(header, name, at)
    const size = octal(header, 124, 12, name, at)
    const start = at + BLOCK
    if (start + size > bytes.length) throw cutOff(name, bytes.length, `${size} bytes from offset ${start}`)
    const type = header[156] ?? 0
    // "0" and NUL are both a regular file.
    if (type === 0x30 || type === 0) {
      const path = entryName(header)
      if (files.has(path)) {
        throw malformed("two entries have one name", { file: name, offset: at, expected: "a new name", found: path })
      }
      files.set(path, bytes.subarray(start, start + size))
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK
  }
}

function cutOff(file: string, offset: number, expected: string): FormatError {
  return malformed("the tar archive is truncated", { file, offset, expected, found: "end of file" })
}

/** The checksum is the sum of the header's bytes with the checksum field itself read as blanks. */
function checkHeader(header: Uint8Array, file: string, at: number): void {
  const expected = octal(header, 148, 8, file, at)
  let found = 8 * 0x20
  for (const [i, byte] of header.entries()) if (i < 148 || i >= 156) found += byte
  if (found === expected) return
  throw malformed("a tar header is corrupt", {
    file,
    offset: at,
    expected: `checksum ${expected}`,
    found: `checksum ${found}`,
  })
}

function octal(header: Uint8Array, from: number, length: number, file: string, at: number): number {
  const text = ascii(header, from, length).trim()
  if (/^[0-7]{1,11}$/.test(text)) return Number.parseInt(text, 8)
  throw malformed("a tar header is corrupt", {
    file,
    offset: at + from,
    expected: "an octal number",
    found: JSON.stringify(text),
  })
}

function entryName(header: Uint8Array): string {
  const prefix = ascii(header, 257, 5) === "ustar" ? ascii(header, 345, 155) : ""
  const name = ascii(header, 0, 100)
  return (prefix ? `${prefix}/${name}` : name).replace(/^(\.\/)+/, "")
}

function ascii(header: Uint8Array, from: number, length: number): string {
  const field = header.subarray(from, from + length)
  const end = field.indexOf(0)
  return String.fromCharCode(...(end < 0 ? field : field.subarray(0, end)))
}
