import { OptionError } from "@selvedge/core"
import { messageOf, misfit } from "./fail.ts"
import { nodeFs } from "./source.ts"

let counter = 0

/**
 * Writes a file so that a reader, or a crash at any moment, finds either the old content or all of the new: a temporary
 * file in the same folder is written, flushed to disk and renamed, then the folder is flushed. On failure the temporary
 * file is removed and the old file stands.
 *
 * @throws OptionError outside Node; FormatError when writing fails, with the file system's own error as its cause.
 */
export async function writeFileAtomic(path: string | URL, bytes: Uint8Array): Promise<void> {
  const fs = nodeFs()
  if (!fs)
    throw new OptionError("writing to a path needs Node", { hint: "take the bytes and offer them as a download" })
  const { fileURLToPath } = process.getBuiltinModule("node:url")
  const { dirname } = process.getBuiltinModule("node:path")
  const target = path instanceof URL ? fileURLToPath(path) : path
  const temporary = `${target}.${process.pid}-${counter++}.tmp`
  try {
    const handle = await fs.promises.open(temporary, "wx")
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await fs.promises.rename(temporary, target)
  } catch (error) {
    await fs.promises.rm(temporary, { force: true })
    throw misfit({
      file: target,
      place: "file",
      expected: "a path that can be written",
      found: reasonOf(error),
      cause: error,
    })
  }
  await syncFolder(dirname(target))
}

/** What the file system said, without the name of the temporary file. */
const reasonOf = (error: unknown) => messageOf(error).replace(/, \w+ '.*$/s, "")

/** A rename is durable only once its folder is; Windows cannot open folders and needs no such flush. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return
  const handle = await nodeFs()!.promises.open(folder, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
