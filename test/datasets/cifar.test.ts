import { execFileSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { gzipSync } from "node:zlib"
import { cifar10, readCifar10, readCifar100 } from "@selvedge/datasets"
import { expect, it } from "vitest"
import { readArchive } from "../../datasets/src/cifar10.ts"
import { expectFlaw, setEnvironment, sha256, temporaryFolder } from "./helpers.ts"

/** Records whose pixel at (channel, y, x) of image n is (100 channel + 3 y + x + n) mod 256. */
function records(labels: number[][]): Uint8Array {
  const all: number[] = []
  for (const [n, record] of labels.entries()) {
    all.push(...record)
    for (let i = 0; i < 3072; i++) all.push(pixel(n, Math.floor(i / 1024), Math.floor(i / 32) % 32, i % 32))
  }
  return Uint8Array.from(all)
}

function pixel(n: number, channel: number, y: number, x: number): number {
  return (100 * channel + 3 * y + x + n) % 256
}

it("reads CIFAR-10 records and puts channels last", () => {
  const { images, labels, shape } = readCifar10(records([[3], [9]]))
  expect(shape).toEqual([2, 32, 32, 3])
  expect([...labels]).toEqual([3, 9])
  for (const [n, y, x] of [
    [0, 0, 0],
    [1, 5, 31],
    [0, 31, 2],
    [1, 31, 31],
  ]) {
    const at = ((n * 32 + y) * 32 + x) * 3
    expect([...images.subarray(at, at + 3)]).toEqual([0, 1, 2].map(c => pixel(n, c, y, x)))
  }
})

it("reads CIFAR-100 records with both labels", () => {
  const set = readCifar100(
    records([
      [19, 99],
      [0, 7],
    ]),
  )
  expect([...set.coarseLabels]).toEqual([19, 0])
  expect([...set.labels]).toEqual([99, 7])
  expect(set.images[(32 * 32 + 0) * 3 + 2]).toBe(pixel(1, 2, 0, 0))
})

it("names the place of a cut and of a label out of range", async () => {
  const good = records([[3], [9]])
  await expectFlaw(() => readCifar10(good.subarray(0, 4000), "a.bin"), {
    file: "a.bin",
    offset: 3073,
    found: "927 bytes",
  })
  await expectFlaw(() => readCifar10(new Uint8Array(0)), { offset: 0, found: "an empty file" })
  await expectFlaw(() => readCifar10(records([[3], [10]])), { offset: 3073, expected: "a label of 0 to 9", found: 10 })
  await expectFlaw(() => readCifar100(records([[19, 100]])), { offset: 1, expected: "a label of 0 to 99", found: 100 })
  await expectFlaw(() => readCifar100(records([[20, 0]])), { offset: 0, expected: "a label of 0 to 19", found: 20 })
})

it("reads the batches out of an archive made by the system's tar, and names one that is missing", async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, "cifar-10-batches-bin"))
  const names = [1, 2, 3, 4, 5].map(i => `data_batch_${i}.bin`)
  for (const [i, name] of [...names, "test_batch.bin"].entries()) {
    writeFileSync(join(folder, "cifar-10-batches-bin", name), records([[i]]))
  }
  const pack = (...what: string[]) => {
    execFileSync("tar", ["-cf", "a.tar", ...what], { cwd: folder })
    return readFileSync(join(folder, "a.tar"))
  }
  const found = readArchive(pack("cifar-10-batches-bin"), "a.tar")
  expect([...found].map(([name, set]) => [name, set.labels[0]])).toEqual(
    [...names, "test_batch.bin"].map((name, i) => [name, i]),
  )
  const lacking = pack("cifar-10-batches-bin/data_batch_1.bin")
  await expectFlaw(() => readArchive(lacking, "a.tar"), {
    file: "a.tar",
    expected: "cifar-10-batches-bin/data_batch_2.bin",
  })
})

it("checks archive and batches in a folder against the published checksums", async () => {
  setEnvironment("SELVEDGE_DATASETS", undefined)
  const folder = temporaryFolder()
  const archive = gzipSync("not the archive")
  writeFileSync(join(folder, "cifar-10-binary.tar.gz"), archive)
  await expectFlaw(() => cifar10.load({ folder }), {
    file: join(folder, "cifar-10-binary.tar.gz"),
    found: sha256(archive),
  })
  const unpacked = join(temporaryFolder(), "cifar-10-batches-bin")
  mkdirSync(unpacked)
  writeFileSync(join(unpacked, "data_batch_1.bin"), records([[1]]))
  await expect(cifar10.load({ folder: unpacked })).rejects.toThrow(/missing +data_batch_2\.bin, .*test_batch\.bin/)
  for (const name of [2, 3, 4, 5].map(i => `data_batch_${i}.bin`)) writeFileSync(join(unpacked, name), records([[1]]))
  writeFileSync(join(unpacked, "test_batch.bin"), records([[1]]))
  await expectFlaw(() => cifar10.load({ folder: join(unpacked, "..") }), { file: join(unpacked, "data_batch_1.bin") })
})

it("stands in with labelled synthetic images when offline", async () => {
  setEnvironment("SELVEDGE_DATASETS", undefined)
  const cacheFolder = temporaryFolder()
  const set = await cifar10.load({ offline: true, cacheFolder, synthetic: { train: 20, test: 10 } })
  expect(set.source).toBe("synthetic")
  expect(set.description).toMatch(/^synthetic images of figures \(not CIFAR-10\), .*in place of CIFAR-10/)
  expect(set.train.shape).toEqual([20, 32, 32, 3])
})
