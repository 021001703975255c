import { misfit } from "./fail.ts"
import { localPath, nodeFs, type Source, type SourceBytes, toBytes, unreadable } from "./source.ts"

/** A part of an open file, for whoever reads it where it is. */
export interface FilePart {
  /** Node's file descriptor. */
  readonly fd: number
  readonly offset: number
  readonly length: number
}

/** Bytes that are fetched when they are wanted: views of an array, or a file on disk, which is never held whole. */
export interface Reader {
  readonly name: string
  readonly length: number
  /** True when nobody else holds the bytes, so that they may be handed to a worker without a copy. */
  readonly owned: boolean
  /** Some of the bytes; what is not in memory is put into `room`, when there is one. */
  read(at: number, length: number, room?: Uint8Array): Uint8Array
  /** The same, not fetched yet, for the HDF5 library. */
  part(at: number, length: number): Uint8Array | FilePart
  close(): void
}

/** Bytes in memory. */
export function bytesReader({ name, bytes, owned }: Omit<SourceBytes, "bytes"> & { bytes: Uint8Array }): Reader {
  const read = (at: number, length: number) => bytes.subarray(at, at + length)
  return { name, length: bytes.length, owned, read, part: read, close() {} }
}

/**
 * Opens a source, to be closed by the caller. A file stays on disk; everything else is fetched.
 * @throws like `toBytes`.
 */
export async function openReader(source: Source): Promise<Reader> {
  const path = localPath(source)
  return (path === null ? null : fileReader(String(source), path)) ?? bytesReader(await toBytes(source))
}

/** Null for what has no place to read from, such as a pipe. */
function fileReader(name: string, path: string | URL): Reader | null {
  const { fd, length } = openFile(name, path)
  const close = () => nodeFs()?.closeSync(fd)
  if (length === 0) {
    close()
    return null
  }
  const read = (at: number, count: number, room = new Uint8Array(count)) => {
    const bytes = room.subarray(0, count)
    for (let done = 0; done < count; ) {
      const found = readPart({ fd, offset: at, length: count }, bytes, done)
      if (found === 0) throw misfit({ file: name, place: "file", expected: `${length} bytes`, found: "fewer by now" })
      done += found
    }
    return bytes
  }
  return { name, length, owned: true, read, part: (offset, size) => ({ fd, offset, length: size }), close }
}

function openFile(name: string, path: string | URL): { fd: number; length: number } {
  const fs = nodeFs()!
  try {
    const fd = fs.openSync(path, "r")
    const stat = fs.fstatSync(fd)
    return { fd, length: stat.isFile() ? stat.size : 0 }
  } catch (cause) {
    throw unreadable(name, cause)
  }
}

/** Reads on in a part of a file, from `at`, to the same place of `bytes`. @returns how many bytes there were. */
export function readPart({ fd, offset, length }: FilePart, bytes: Uint8Array, at = 0): number {
  return nodeFs()!.readSync(fd, bytes, at, length - at, offset + at)
}
