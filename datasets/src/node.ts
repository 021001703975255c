import { SelvedgeError } from "@selvedge/core"

type Process = typeof globalThis.process

/**
 * A built-in module of Node, or undefined where there is none (a browser). Asked for at run time rather than
 * imported, so that bundlers for the web see no `node:` import at all.
 */
function builtin<K extends "node:fs/promises" | "node:path" | "node:os" | "node:zlib">(name: K) {
  const host: Process | undefined = globalThis.process
  return host?.getBuiltinModule?.(name)
}

/** Node's zlib, or undefined in a browser. */
export function nodeZlib() {
  return builtin("node:zlib")
}

/** What files and folders need from Node. */
export interface NodeFiles {
  readonly fs: typeof import("node:fs/promises")
  readonly path: typeof import("node:path")
  readonly os: typeof import("node:os")
  readonly env: Readonly<Record<string, string | undefined>>
  readonly platform: string
}

/** @throws SelvedgeError where there is no file system. */
export function nodeFiles(owner: string): NodeFiles {
  const fs = builtin("node:fs/promises")
  const path = builtin("node:path")
  const os = builtin("node:os")
  if (!fs || !path || !os) {
    throw new SelvedgeError(`${owner}: there is no file system here`, {
      rule: "data sets are loaded from files in Node >= 20.19",
      hint: "in a browser fetch the bytes yourself and pass them to readIdx or readCifar10, or use syntheticGarments",
    })
  }
  return { fs, path, os, env: process.env, platform: process.platform }
}
