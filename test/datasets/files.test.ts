import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { describe, expect, it, vi } from "vitest"
import { cacheFolder, writeAtomic } from "../../datasets/src/files.ts"
import { nodeFiles } from "../../datasets/src/node.ts"
import { cleanUp, temporaryFolder } from "./helpers.ts"

const { join } = path

describe("cacheFolder", () => {
  const at = (platform: string, env: Record<string, string>, paths: path.PlatformPath = path.posix) =>
    cacheFolder({ ...nodeFiles("test"), path: paths, os: { ...os, homedir: () => "/home/ada" }, env, platform })

  it("follows the platform's convention", () => {
    expect(at("linux", {})).toBe("/home/ada/.cache/selvedge/datasets")
    expect(at("linux", { XDG_CACHE_HOME: "/var/cache" })).toBe("/var/cache/selvedge/datasets")
    expect(at("linux", { XDG_CACHE_HOME: "relative" })).toBe("/home/ada/.cache/selvedge/datasets")
    expect(at("freebsd", {})).toBe("/home/ada/.cache/selvedge/datasets")
    expect(at("darwin", { XDG_CACHE_HOME: "/var/cache" })).toBe("/home/ada/Library/Caches/selvedge/datasets")
    const local = "C:\\Users\\ada\\AppData\\Local"
    expect(at("win32", { LOCALAPPDATA: local }, path.win32)).toBe(`${local}\\selvedge\\datasets`)
  })
})

describe("writeAtomic", () => {
  it("makes folders, replaces, and leaves nothing else behind", async () => {
    const file = join(temporaryFolder(), "a", "b", "c.bin")
    await writeAtomic(nodeFiles("test"), file, Uint8Array.of(1, 2, 3))
    await writeAtomic(nodeFiles("test"), file, Uint8Array.of(4))
    expect([...readFileSync(file)]).toEqual([4])
    expect(readdirSync(join(file, ".."))).toEqual(["c.bin"])
  })

  it("flushes the content before it gets its name", async () => {
    const node = nodeFiles("test")
    const file = join(temporaryFolder(), "c.bin")
    const steps: string[] = []
    const fs: typeof node.fs = {
      ...node.fs,
      open: async (...how) => {
        const handle = await node.fs.open(...how)
        const sync = handle.sync.bind(handle)
        handle.sync = () => {
          steps.push(`sync ${path.extname(String(how[0]))}`)
          return sync()
        }
        return handle
      },
      rename: (from, to) => {
        steps.push(`rename ${path.extname(String(from))} to ${path.extname(String(to))}`)
        return node.fs.rename(from, to)
      },
    }
    await writeAtomic({ ...node, fs }, file, Uint8Array.of(1))
    expect(steps).toEqual(["sync .part", "rename .part to .bin", "sync "])
  })

  it("removes its temporary file when it fails", async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, "taken"))
    writeFileSync(join(folder, "taken", "x"), "")
    await expect(writeAtomic(nodeFiles("test"), join(folder, "taken"), Uint8Array.of(1))).rejects.toThrow()
    expect(readdirSync(folder)).toEqual(["taken"])
  })
})

it("says what to do where there is no file system", () => {
  const spy = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined)
  cleanUp(() => spy.mockRestore())
  expect(() => nodeFiles("fashionMnist.load")).toThrow(/fashionMnist\.load: there is no file system here[\s\S]*readIdx/)
})
