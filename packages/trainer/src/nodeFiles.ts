import { OptionError } from "@selvedge/core"

// Looked up when they are needed, so that a bundle for browsers names no module of Node.

/**
 * Node's file system.
 * @throws OptionError where there is none.
 */
export function nodeFiles(owner: string): typeof import("node:fs/promises") {
  const files = globalThis.process?.getBuiltinModule?.("node:fs/promises")
  if (files) return files
  throw new OptionError(`${owner}: files need Node`, { hint: "in a browser, save bytes with @selvedge/formats" })
}

/**
 * Node's zlib, for its checksum.
 * @throws OptionError where there is none.
 */
export function nodeZlib(): typeof import("node:zlib") {
  const zlib = globalThis.process?.getBuiltinModule?.("node:zlib")
  if (zlib) return zlib
  throw new OptionError("checkpoint: files need Node")
}

/** The folder of a file; "." for a bare name. */
export function folderOf(path: string): string {
  const folder = globalThis.process?.getBuiltinModule?.("node:path").dirname(path)
  return folder ?? "."
}
