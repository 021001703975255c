import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { FormatError } from "@selvedge/core"
import { toBytes, writeFileAtomic } from "@selvedge/formats"
import { afterAll, describe, expect, it } from "vitest"

const folder = mkdtempSync(join(tmpdir(), "selvedge-"))
afterAll(() => rmSync(folder, { recursive: true }))
const content = new Uint8Array([1, 2, 3])

describe("toBytes", () => {
  it("takes a path, a URL, bytes, a buffer, a Blob and a File", async () => {
    const path = join(folder, "a.bin")
    writeFileSync(path, content)
    for (const source of [
      path,
      pathToFileURL(path),
      content,
      content.slice().buffer,
      new Blob([content]),
      new File([content], "f.h5"),
    ]) {
      expect((await toBytes(source)).bytes).toEqual(content)
    }
    expect((await toBytes(path)).name).toBe(path)
    expect((await toBytes(new File([content], "f.h5"))).name).toBe("f.h5")
  })
  it("reads the part that a view shows", async () => {
    expect((await toBytes(new Uint8Array([9, 1, 2, 3, 9]).subarray(1, 4))).bytes).toEqual(content)
  })
  it("names a file that is not there", async () => {
    await expect(toBytes(join(folder, "none.h5"))).rejects.toThrow(/none\.h5.*ENOENT/s)
    await expect(toBytes(join(folder, "none.h5"))).rejects.toBeInstanceOf(FormatError)
  })
})

describe("writeFileAtomic", () => {
  it("replaces a file and leaves nothing else", async () => {
    const path = join(folder, "b.bin")
    await writeFileAtomic(path, new Uint8Array([9]))
    await writeFileAtomic(pathToFileURL(path), content)
    expect(new Uint8Array(readFileSync(path))).toEqual(content)
    expect(readdirSync(folder).filter(name => name.endsWith(".tmp"))).toEqual([])
  })
  it("leaves nothing behind when it fails", async () => {
    await expect(writeFileAtomic(folder, content)).rejects.toThrow()
    expect(readdirSync(join(folder, "..")).filter(name => name.startsWith(`${folder.split("/").at(-1)}.`))).toEqual([])
  })
})
