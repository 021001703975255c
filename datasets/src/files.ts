import { FormatError, OptionError } from "@selvedge/core"
import type { NodeFiles } from "./node.ts"

/**
 * The user's cache folder for data sets: `selvedge/datasets` in `XDG_CACHE_HOME` or `~/.cache` (Linux and others),
 * `~/Library/Caches` (macOS), `LOCALAPPDATA` (Windows). A relative `XDG_CACHE_HOME` is ignored, as its specification
 * demands.
 */
export function cacheFolder(node: NodeFiles): string {
  const { path, os, env, platform } = node
  const home = os.homedir()
  let base = path.join(home, ".cache")
  if (platform === "darwin") base = path.join(home, "Library", "Caches")
  else if (platform === "win32") base = env.LOCALAPPDATA || path.join(home, "AppData", "Local")
  else if (env.XDG_CACHE_HOME && path.isAbsolute(env.XDG_CACHE_HOME)) base = env.XDG_CACHE_HOME
  return path.join(base, "selvedge", "datasets")
}

/**
 * The bytes of a file, or undefined when there is none.
 * @throws FormatError for a file of more than `maxBytes`; OptionError for one that cannot be read.
 */
export async function readIfPresent(node: NodeFiles, path: string, maxBytes: number): Promise<Uint8Array | undefined> {
  try {
    const { size } = await node.fs.stat(path)
    if (size > maxBytes) {
      throw new FormatError(`${path}: the file is too large`, {
        facts: { file: path, offset: maxBytes, expected: `at most ${maxBytes} bytes`, found: `${size} bytes` },
      })
    }
    return await node.fs.readFile(path)
  } catch (cause) {
    if (cause instanceof FormatError) throw cause
    if (isMissing(cause)) return undefined
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new OptionError(`${path}: the file cannot be read: ${reason}`, { cause })
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOENT" || error.code === "ENOTDIR")
}

/** Whether there is something at the path. */
export async function exists(node: NodeFiles, path: string): Promise<boolean> {
  try {
    await node.fs.stat(path)
    return true
  } catch (error) {
    // What is there but may not be looked at is reported when it is read.
    return !isMissing(error)
  }
}

/**
 * Writes a file so that at every moment, through crashes and power cuts, its name stands for the whole content or for
 * nothing: into a temporary file beside it, flushed to the disk, then renamed.
 */
export async function writeAtomic(node: NodeFiles, path: string, bytes: Uint8Array): Promise<void> {
  const { fs } = node
  const folder = node.path.dirname(path)
  await fs.mkdir(folder, { recursive: true })
  const temporary = `${path}.${globalThis.crypto.randomUUID()}.part`
  try {
    const file = await fs.open(temporary, "wx")
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await fs.rename(temporary, path)
  } catch (error) {
    await fs.rm(temporary, { force: true })
    throw error
  }
  await syncFolder(node, folder)
}

/** Makes the rename itself durable. Some systems cannot open folders; there it is as durable as they make it. */
async function syncFolder(node: NodeFiles, folder: string): Promise<void> {
  try {
    const handle = await node.fs.open(folder, "r")
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch {
    return
  }
}
