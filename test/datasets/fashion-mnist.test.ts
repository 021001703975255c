import { copyFileSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { OptionError } from "@selvedge/core"
import { cifar10, fashionMnist, type ImageDataset, splitDataset } from "@selvedge/datasets"
import { describe, expect, it } from "vitest"
import { deadAddress, expectFlaw, realFolder, serve, setEnvironment, sha256, temporaryFolder } from "./helpers.ts"

const synthetic = { train: 30, test: 10 }
const names = [
  "t10k-images-idx3-ubyte.gz",
  "t10k-labels-idx1-ubyte.gz",
  "train-images-idx3-ubyte.gz",
  "train-labels-idx1-ubyte.gz",
]

/** The checksums are those of the inflated files without their headers: zcat FILE | tail -c +17 | sha256sum. */
function expectFashionMnist(set: ImageDataset): void {
  expect(set.train.shape).toEqual([60_000, 28, 28])
  expect(set.test.shape).toEqual([10_000, 28, 28])
  expect([...set.train.labels.subarray(0, 5)]).toEqual([9, 0, 0, 3, 0])
  expect(set.classNames[9]).toBe("Ankle boot")
  expect(sha256(set.train.images).slice(0, 12)).toBe("2e487a6c8912")
  expect(sha256(set.test.images).slice(0, 12)).toBe("c867c93ff953")
}

describe("fashionMnist.load without the files", () => {
  it("draws synthetic garments and says so when there is no network", async () => {
    setEnvironment("SELVEDGE_DATASETS", undefined)
    const cacheFolder = temporaryFolder()
    const set = await fashionMnist.load({ cacheFolder, mirrors: [await deadAddress()], synthetic, seed: 5 })
    expect(set.source).toBe("synthetic")
    expect(set.description).toBe(
      "synthetic garments (not Fashion-MNIST), 30 training and 10 test images, seed 5, in place of Fashion-MNIST: there is no network and it is not in the cache",
    )
    expect(set.train.shape).toEqual([30, 28, 28])
    expect(readdirSync(cacheFolder)).toEqual([])
    const offline = await fashionMnist.load({ cacheFolder, offline: true, synthetic, seed: 5 })
    expect(offline.description).toMatch(/synthetic.*downloads are off/)
    expect(Buffer.compare(offline.train.images, set.train.images)).toBe(0)
  })

  it("does not fall back to synthetic garments when a folder was named", async () => {
    const folder = temporaryFolder()
    await expect(fashionMnist.load({ folder, offline: true, synthetic })).rejects.toBeInstanceOf(OptionError)
    await expect(fashionMnist.load({ folder, offline: true })).rejects.toThrow(/train-images-idx3-ubyte\.gz/)
    setEnvironment("SELVEDGE_DATASETS", folder)
    await expect(fashionMnist.load({ offline: true, synthetic })).rejects.toThrow(/SELVEDGE_DATASETS/)
    const images = await cifar10.load({ offline: true, cacheFolder: folder, synthetic })
    expect(images.description).toMatch(/synthetic.*not CIFAR-10/)
  })

  it("refuses unknown options", async () => {
    const options = JSON.parse('{ "offlin": true }')
    await expect(fashionMnist.load(options)).rejects.toThrow(/"offlin", did you mean "offline"/)
  })

  it("names place and kind of damage in a file", async () => {
    const folder = temporaryFolder()
    for (const name of names) writeFileSync(join(folder, name), gzipSync(Buffer.from([0, 0, 8, 1, 0, 0, 0, 1, 5])))
    const file = join(folder, "train-images-idx3-ubyte.gz")
    await expectFlaw(() => fashionMnist.load({ folder }), { file, expected: "uint8 60000 x 28 x 28", found: "uint8 1" })
    writeFileSync(file, gzipSync(Buffer.alloc(2000)).subarray(0, 20))
    await expectFlaw(() => fashionMnist.load({ folder }), { file, offset: 20, found: "end of file" })
    writeFileSync(file, gzipSync(Buffer.alloc(48_000_000)))
    await expectFlaw(() => fashionMnist.load({ folder }), { file, expected: "at most 47040017 bytes" })
    const blank = Buffer.alloc(47_040_016)
    blank.set([0, 0, 8, 3, 0, 0, 0xea, 0x60, 0, 0, 0, 28, 0, 0, 0, 28])
    writeFileSync(file, gzipSync(blank, { level: 1 }))
    const expected = "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
    await expectFlaw(() => fashionMnist.load({ folder }), { file, expected, found: sha256(blank) })
    const swapped = JSON.stringify(readdirSync(folder).sort())
    expect(swapped).toBe(JSON.stringify(names))
  })
})

describe.skipIf(!realFolder)("fashionMnist.load with the real files", () => {
  const real = join(realFolder ?? "", "fashion-mnist")

  it("loads them from a folder, inflated or not", async () => {
    const set = await fashionMnist.load({ folder: realFolder ?? "" })
    expectFashionMnist(set)
    expect(set.source).toBe("folder")
    expect(set.description).toBe(`Fashion-MNIST, 60,000 training and 10,000 test images, from the folder ${real}`)
    const folder = temporaryFolder()
    for (const name of names) symlinkSync(join(real, name), join(folder, name))
    const inflated = "t10k-images-idx3-ubyte"
    writeFileSync(join(folder, inflated), gunzipSync(readFileSync(join(real, `${inflated}.gz`))))
    expectFashionMnist(await fashionMnist.load({ folder }))
  })

  it("downloads what the cache lacks", async () => {
    setEnvironment("SELVEDGE_DATASETS", undefined)
    const cacheFolder = temporaryFolder()
    const cache = join(cacheFolder, "fashion-mnist")
    mkdirSync(cache)
    copyFileSync(join(real, names[2]), join(cache, names[2]))
    const server = await serve((path, response) => response.end(readFileSync(join(real, path))))
    const set = await fashionMnist.load({ cacheFolder, mirrors: [server.url] })
    expectFashionMnist(set)
    expect(set.source).toBe("download")
    expect(server.requests).toEqual(["/train-labels-idx1-ubyte.gz", `/${names[0]}`, `/${names[1]}`])
    expect(readdirSync(cache).sort()).toEqual(names)
    expect((await fashionMnist.load({ cacheFolder, offline: true })).source).toBe("cache")
  })

  it("splits as the chapter's notebook prints it", async () => {
    const { train } = await fashionMnist.load({ folder: realFolder ?? "" })
    const { A, B } = splitDataset(train.images.subarray(5000 * 784), train.labels.subarray(5000))
    expect(A.images.length / 784).toBe(43_986)
    expect(A.labels.subarray(0, 30).join("")).toBe("405777443401634326534513420671")
    expect(B.labels.subarray(0, 30).join("")).toBe("110000111001100000011001101111")
  })
})
