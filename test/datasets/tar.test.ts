import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { readTar } from "@selvedge/datasets"
import { expect, it } from "vitest"
import { expectFlaw, temporaryFolder } from "./helpers.ts"

/** An archive made by the system's tar. */
function archive(format: string): Uint8Array {
  const folder = temporaryFolder()
  mkdirSync(join(folder, "batches", "deep"), { recursive: true })
  writeFileSync(join(folder, "batches", "a.bin"), Buffer.alloc(1000, 7))
  writeFileSync(join(folder, "batches", "empty"), "")
  writeFileSync(join(folder, "batches", "deep", "b.bin"), Buffer.alloc(512, 9))
  execFileSync("tar", [`--format=${format}`, "-cf", "out.tar", "batches"], { cwd: folder })
  return readFileSync(join(folder, "out.tar"))
}

it.each(["ustar", "gnu", "pax", "v7"])("reads a %s archive of the system's tar", format => {
  const files = readTar(archive(format))
  expect([...files.keys()].sort()).toEqual(["batches/a.bin", "batches/deep/b.bin", "batches/empty"])
  expect(Buffer.compare(files.get("batches/a.bin") ?? Buffer.of(), Buffer.alloc(1000, 7))).toBe(0)
  expect(files.get("batches/deep/b.bin")).toHaveLength(512)
  expect(files.get("batches/empty")).toHaveLength(0)
})

it("refuses damage to any header byte that counts", async () => {
  const tar = archive("ustar")
  const start = [...readTar(tar)].find(([name]) => name === "batches/a.bin")?.[1].byteOffset ?? 0
  const header = start - tar.byteOffset - 512
  for (const at of [0, 100, 124, 130, 148, 156, 257, 345]) {
    const damaged = tar.slice()
    damaged[header + at] ^= 0x01
    await expectFlaw(() => readTar(damaged, "a.tar"), { file: "a.tar", offset: /^\d+$/ })
  }
})

it("refuses an archive that is cut off anywhere before its end marker", async () => {
  const tar = archive("ustar")
  const end = tar.length - 512 * Math.floor((tar.length - 512 * 9) / 512)
  for (const cut of [0, 100, 512, 700, 1536, end - 700]) {
    await expectFlaw(() => readTar(tar.subarray(0, cut), "a.tar"), { file: "a.tar", offset: cut, found: "end of file" })
  }
})
